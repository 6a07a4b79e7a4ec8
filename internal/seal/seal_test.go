package seal_test

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"testing"

	"github.com/skinrail/skinrail/internal/seal"
)

func newBox(t *testing.T) *seal.Box {
	t.Helper()
	var key [32]byte
	if _, err := rand.Read(key[:]); err != nil {
		t.Fatal(err)
	}
	return seal.New(key)
}

func TestSealedOpensForItsRowOnly(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	for _, plain := range []string{"", "x", "a shared secret"} {
		sealed := b.Seal([]byte(plain), "project/7/webhook")
		got, err := b.Open(sealed, "project/7/webhook")
		if err != nil || string(got) != plain {
			t.Errorf("got %q, %v", got, err)
		}
		for _, row := range []string{"", "project/7", "project/8/webhook", "project/7/webhook "} {
			if _, err := b.Open(sealed, row); !errors.Is(err, seal.ErrBroken) {
				t.Errorf("row %q: %v", row, err)
			}
		}
	}
}

func TestAnyChangedByteIsRefused(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	sealed := b.Seal([]byte("secret"), "row")
	for i := range sealed {
		for bit := range 8 {
			broken := bytes.Clone(sealed)
			broken[i] ^= 1 << bit
			if _, err := b.Open(broken, "row"); !errors.Is(err, seal.ErrBroken) && !errors.Is(err, seal.ErrKey) {
				t.Fatalf("bit %d of byte %d: %v", bit, i, err)
			} else if i == 0 && !errors.Is(err, seal.ErrBroken) {
				t.Fatalf("another version: %v", err)
			}
		}
		if _, err := b.Open(sealed[:i], "row"); !errors.Is(err, seal.ErrBroken) {
			t.Fatalf("first %d bytes: %v", i, err)
		}
	}
	if _, err := b.Open(append(bytes.Clone(sealed), 0), "row"); !errors.Is(err, seal.ErrBroken) {
		t.Errorf("one byte more: %v", err)
	}
}

func TestOtherKeyIsNamedAsTheReason(t *testing.T) {
	t.Parallel()
	sealed := newBox(t).Seal([]byte("secret"), "row")
	if _, err := newBox(t).Open(sealed, "row"); !errors.Is(err, seal.ErrKey) {
		t.Errorf("got %v", err)
	}
}

func TestSameSecretNeverLooksTheSame(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	seen := map[string]bool{}
	for range 1000 {
		s := string(b.Seal([]byte("secret"), "row"))
		if seen[s] {
			t.Fatal("repeated")
		}
		seen[s] = true
		if bytes.Contains([]byte(s), []byte("secret")) {
			t.Fatal("readable")
		}
	}
}

// An envelope written by the first version opens for ever.
func TestOldEnvelopeOpens(t *testing.T) {
	t.Parallel()
	var key [32]byte
	for i := range key {
		key[i] = byte(i)
	}
	envelope, err := hex.DecodeString("0195fdd10ba0c93d3eb0045fe89dd02e0983f8a6ebfa3daf1630166a78b3771e86bfffade1baf589e17d6707b2" +
		"b3315746724942780008f183ef81df434aea756e61357b47")
	if err != nil {
		t.Fatal(err)
	}
	got, err := seal.New(key).Open(envelope, "project/7/webhook")
	if err != nil || string(got) != "an example, not a secret" {
		t.Errorf("got %q, %v", got, err)
	}
}
