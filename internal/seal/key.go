package seal

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// LoadOrCreateKey returns the box of the key in a file. A missing file is made
// with a fresh key, readable by its owner only; it is there completely or not
// at all, and is never replaced.
func LoadOrCreateKey(path string) (*Box, error) {
	b, err := LoadKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return b, err
	}
	if err := createKey(path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("create key: %w", err)
	}
	return LoadKey(path) // also when another process was first
}

// maxKeyFile is how large a key file may be, with spaces around the key.
const maxKeyFile = 1024

// LoadKey returns the box of the key in a file: 64 hexadecimal digits. It
// refuses a file that everybody on the machine can read.
func LoadKey(path string) (*Box, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("load key: %w", err)
	}
	defer func() { _ = f.Close() }()
	info, statErr := f.Stat()
	text, readErr := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err := errors.Join(statErr, readErr); err != nil {
		return nil, fmt.Errorf("load key: %w", err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o007 != 0 {
		return nil, fmt.Errorf("load key: %s is open to everybody (%s): chmod 600 it", path, info.Mode().Perm())
	}
	raw, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(raw) != 32 || len(text) > maxKeyFile { // the error would quote the key
		return nil, fmt.Errorf("load key: %s does not hold 64 hexadecimal digits", path)
	}
	return New([32]byte(raw)), nil
}

// createKey writes a file beside path and links it into place, which fails
// when path exists. Everything sealed depends on the key, so it is on disk
// before it is used.
func createKey(path string) error {
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails: the runtime ends the program instead
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.WriteString(hex.EncodeToString(key[:]) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Link(f.Name(), path)
	}
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	return err
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	err = d.Sync()
	if runtime.GOOS == "windows" { // cannot sync a directory, and need not
		err = nil
	}
	return errors.Join(err, d.Close())
}
