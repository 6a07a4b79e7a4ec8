package disktest

import (
	"path/filepath"
	"sync"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/skinrail/skinrail/internal/db/vfs"
)

// VFS is the name under which SQLite knows the disks.
const VFS = "skinrail-disk"

// Which disk a folder lies on, in the whole process.
var (
	register = sync.OnceFunc(func() { vfs.Register(VFS, mounts{}) })
	mu       sync.Mutex
	mounted  = map[string]*Disk{}
)

// Mount puts the folder's files on the disk, until another disk is mounted
// there or the returned function is called. What is open stays where it is.
func (d *Disk) Mount(folder string) (unmount func()) {
	register()
	mu.Lock()
	defer mu.Unlock()
	mounted[folder] = d
	return func() {
		mu.Lock()
		defer mu.Unlock()
		if mounted[folder] == d {
			delete(mounted, folder)
		}
	}
}

func diskOf(path string) (*Disk, string) {
	mu.Lock()
	defer mu.Unlock()
	return mounted[filepath.Dir(path)], filepath.Base(path)
}

// mounts is all disks.
type mounts struct{}

func (mounts) Open(path string, create bool) (vfs.File, int32) {
	d, name := diskOf(path)
	if d == nil {
		return nil, sqlite3.SQLITE_CANTOPEN
	}
	return d.open(name, create)
}

func (mounts) Delete(path string, durably bool) int32 {
	d, name := diskOf(path)
	if d == nil {
		return sqlite3.SQLITE_IOERR_DELETE
	}
	return d.delete(name, durably)
}

func (mounts) Exists(path string) bool {
	d, name := diskOf(path)
	return d != nil && d.exists(name)
}
