package sim

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/skinrail/skinrail/internal/steam/authpb"
)

func TestTheSeedDecidesTheKeyForPasswords(t *testing.T) {
	t.Parallel()
	seen := map[string]int64{}
	for seed, want := range map[int64]string{0: "e05f", 7: "", -1: ""} {
		key, err := makeLoginKey(seed)
		if err != nil || key.N.BitLen() != 2048 || key.E != 65537 {
			t.Fatalf("seed %d: %v, %v", seed, key, err)
		}
		again, err := makeLoginKey(seed)
		if err != nil || again.N.Cmp(key.N) != 0 {
			t.Errorf("seed %d: two keys, %v", seed, err)
		}
		sum := sha256.Sum256(key.N.Bytes())
		got := hex.EncodeToString(sum[:2])
		if other, twice := seen[got]; twice {
			t.Errorf("seeds %d and %d have one key", seed, other)
		}
		seen[got] = seed
		if want != "" && got != want {
			t.Errorf("seed %d: key %s, want %s as in every version", seed, got, want)
		}
	}
}

func TestTheKeyForPasswordsOutlivesAKill(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := func() string {
		return string(w.auth("GET", "GetPasswordRSAPublicKey", &authpb.RSAKeyRequest{AccountName: "nobody"}).body)
	}
	before := key()
	w.kill()
	if key() != before {
		t.Error("another key after a kill")
	}
	if other := newWorld(t, func(w *World) { w.Seed = 8 }); string(other.auth("GET", "GetPasswordRSAPublicKey", &authpb.RSAKeyRequest{}).body) == before {
		t.Error("two seeds have one key")
	}
}
