package seal_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/skinrail/skinrail/internal/seal"
)

func TestKeyFileIsMadeOnceAndPrivate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key")
	first, err := seal.LoadOrCreateKey(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	again, err := seal.LoadOrCreateKey(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := again.Open(first.Seal([]byte("s"), "row"), "row"); err != nil || string(got) != "s" {
		t.Errorf("got %q, %v", got, err)
	}
	if text, err := os.ReadFile(path); err != nil || len(text) != 65 || text[64] != '\n' {
		t.Errorf("%d bytes, %v: want 64 digits and the end of a line", len(text), err)
	}
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(files) != 1 {
		t.Errorf("left beside it: %v, %v", files, err)
	}
}

func TestKeyFileRacedIsOneKey(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key")
	boxes := make([]*seal.Box, 16)
	var wg sync.WaitGroup
	for i := range boxes {
		wg.Go(func() {
			var err error
			if boxes[i], err = seal.LoadOrCreateKey(path); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	sealed := boxes[0].Seal([]byte("s"), "row")
	for i, b := range boxes {
		if _, err := b.Open(sealed, "row"); err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
}

func TestBadKeyFileIsRefusedAndLeftAlone(t *testing.T) {
	t.Parallel()
	good := strings.Repeat("0f", 32)
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
	}{
		"empty":           {"", 0o600},
		"short":           {good[:62], 0o600},
		"long":            {good + "00", 0o600},
		"not hex":         {"zz" + good[2:], 0o600},
		"good and more":   {good + "zz", 0o600},
		"good, late more": {good + strings.Repeat(" ", 1024-64-1) + "x", 0o600},
		"good, too late":  {good + strings.Repeat(" ", 1024-64) + "x", 0o600},
		"too much room":   {good + strings.Repeat(" ", 1024-64+1), 0o600},
		"huge":            {strings.Repeat(good, 100), 0o600},
		"open to others":  {good, 0o604},
		"others write":    {good, 0o602},
		"others run":      {good, 0o601},
	} {
		path := filepath.Join(t.TempDir(), "key")
		if err := errors.Join(os.WriteFile(path, []byte(c.text), 0o600), os.Chmod(path, c.mode)); err != nil {
			t.Fatal(err)
		}
		_, err := seal.LoadOrCreateKey(path)
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		if c.text != "" && strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: the error shows the key", name)
		}
		if raw, err := os.ReadFile(path); err != nil || string(raw) != c.text {
			t.Errorf("%s: the file was changed (%v)", name, err)
		}
	}
	if _, err := seal.LoadKey(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := seal.LoadOrCreateKey(filepath.Join(t.TempDir(), "none", "key")); err == nil || !strings.HasPrefix(err.Error(), "create key: ") {
		t.Errorf("missing folder: %v", err)
	}
	private := t.TempDir()
	if err := os.Chmod(private, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{t.TempDir(), private} {
		if b, err := seal.LoadKey(folder); b != nil || err == nil || !strings.HasPrefix(err.Error(), "load key: ") {
			t.Errorf("a folder: %v", err)
		}
	}
}

func TestKeyFileMayHaveRoomAroundTheKey(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key")
	text := strings.Repeat("0f", 32) + strings.Repeat("\n", 1024-64)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.LoadKey(path); err != nil {
		t.Error(err)
	}
}

// What cannot be made durable is no key.
func TestFolderThatCannotBeSyncedIsAnError(t *testing.T) {
	t.Parallel()
	if err := seal.SyncDir(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing folder: %v", err)
	}
	if err := seal.SyncDir(t.TempDir()); err != nil {
		t.Error(err)
	}
	if err := seal.SyncDir("/proc/self"); err == nil && runtime.GOOS == "linux" { // it has no disk
		t.Error("a folder without a disk was synced")
	}
}

// What is there without being readable is not replaced either.
func TestLinkToNothingIsLeftAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key")
	if err := os.Symlink("nowhere", path); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.LoadOrCreateKey(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if to, err := os.Readlink(path); err != nil || to != "nowhere" {
		t.Errorf("the link leads to %q, %v", to, err)
	}
}
