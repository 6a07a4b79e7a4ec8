package app

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// databaseFile is the SQLite file in a data folder.
const databaseFile = "skinrail.db"

// keyFile seals the secrets in a folder's database.
const keyFile = "key"

// urlFile tells other commands where the gateway of a folder listens.
const urlFile = "url"

// lockFolder makes a folder and sees to it that one process at a time runs on it.
// The lock ends with the process, however it ends.
func lockFolder(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("data folder %s is in use by another skinrail: stop that one, or choose another folder with --data", dir)
	}
	return f, nil
}

// writeWhole writes a file so that readers see all of it or nothing.
func writeWhole(path string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	if err == nil {
		err = tmp.Sync()
	}
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
