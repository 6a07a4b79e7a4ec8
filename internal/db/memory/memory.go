package memory

import (
	"encoding/binary"
	"slices"
	"sync"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/skinrail/skinrail/internal/db/vfs"
)

// VFS is the name under which SQLite knows the files, once there is one.
const VFS = "skinrail-memory"

var (
	register = sync.OnceFunc(func() {
		withoutMutexes()
		vfs.Register(VFS, system{})
	})
	mu    sync.Mutex
	files = map[string]*file{}
)

// file is one file. Its data is guarded by SQLite's own locks.
type file struct {
	data  []byte
	locks vfs.Locks
}

// Where a database file counts its changes, twice: see "The Database Header" of
// SQLite's file format. Connections drop what they have read when it differs.
const (
	changeCounter   = 24
	versionValidFor = 92
	header          = 100
)

// Put makes the file, or sets it back, to a whole database or to nothing. No
// connection may be reading or writing it.
func Put(name string, database []byte) {
	register()
	mu.Lock()
	defer mu.Unlock()
	f := files[name]
	if f == nil {
		f = &file{}
		files[name] = f
	}
	before := f.changes()
	f.data = append(f.data[:0], database...)
	if len(f.data) >= header {
		n := max(before, f.changes()) + 1
		binary.BigEndian.PutUint32(f.data[changeCounter:], n)
		binary.BigEndian.PutUint32(f.data[versionValidFor:], n)
	}
}

func (f *file) changes() uint32 {
	if len(f.data) < header {
		return 0
	}
	return binary.BigEndian.Uint32(f.data[changeCounter:])
}

// Data is a copy of the file.
func Data(name string) []byte {
	mu.Lock()
	defer mu.Unlock()
	if f := files[name]; f != nil {
		return slices.Clone(f.data)
	}
	return nil
}

// Remove forgets the file. Who has it open keeps it.
func Remove(name string) {
	mu.Lock()
	defer mu.Unlock()
	delete(files, name)
}

// system is all files: databases that were [Put]. Journals are kept by SQLite.
type system struct{}

func (system) Open(path string, _ bool) (vfs.File, int32) {
	mu.Lock()
	defer mu.Unlock()
	if f := files[path]; f != nil {
		return f, sqlite3.SQLITE_OK
	}
	return nil, sqlite3.SQLITE_CANTOPEN
}

func (system) Delete(string, bool) int32 { return sqlite3.SQLITE_IOERR_DELETE_NOENT }
func (system) Exists(path string) bool {
	mu.Lock()
	defer mu.Unlock()
	return files[path] != nil
}

// Locks are the file's.
func (f *file) Locks() *vfs.Locks { return &f.locks }

// Size is the length.
func (f *file) Size() int64 { return int64(len(f.data)) }

// Sync does nothing: no more than the process's memory is promised.
func (f *file) Sync() int32 { return sqlite3.SQLITE_OK }

// Truncate shortens the file.
func (f *file) Truncate(size int64) int32 {
	f.data = f.data[:min(size, f.Size())]
	return sqlite3.SQLITE_OK
}

// Read fills b, with zeros behind the end.
func (f *file) Read(b []byte, at int64) int32 {
	n := 0
	if at < f.Size() {
		n = copy(b, f.data[at:])
	}
	if n < len(b) {
		clear(b[n:])
		return sqlite3.SQLITE_IOERR_SHORT_READ
	}
	return sqlite3.SQLITE_OK
}

// Write changes the file, and makes it longer where it must.
func (f *file) Write(b []byte, at int64) int32 {
	if end := int(at) + len(b); end > len(f.data) {
		f.data = slices.Grow(f.data, end-len(f.data))[:end]
	}
	copy(f.data[at:], b)
	return sqlite3.SQLITE_OK
}
