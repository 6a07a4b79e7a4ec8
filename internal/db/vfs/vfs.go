package vfs

import (
	"sync"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// System is a file system. Numbers that are returned are SQLite's result codes.
// Its methods are called concurrently.
type System interface {
	// Open returns the file, made when create is set.
	Open(path string, create bool) (File, int32)
	Delete(path string, durably bool) int32
	Exists(path string) bool
}

// File is one open file of one connection.
type File interface {
	Read(b []byte, at int64) int32 // fills up with zeros behind the end, and says so
	Write(b []byte, at int64) int32
	Truncate(size int64) int32
	Sync() int32
	Size() int64
	Locks() *Locks // one for all who have the file open
}

// The driver's registry of VFSs is one for the process, and so is this: which
// system a VFS is, and what SQLite holds open.
var (
	mu      sync.Mutex
	systems = map[uintptr]System{}
	opened  = map[*handle]bool{}
)

// handle is an open file.
type handle struct {
	File
	locks *Locks
	lock  lock
}

// openFile is what SQLite allocates for a file: its methods and our handle,
// which opened keeps alive.
type openFile struct {
	methods uintptr
	handle  uintptr
}

func of(file uintptr) *handle { return (*handle)(at((*openFile)(at(file)).handle)) }

// at is memory of SQLite's, which the garbage collector knows nothing of.
func at(p uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&p)) }

func bytesAt(p uintptr, n int32) []byte { return unsafe.Slice((*byte)(at(p)), n) }

// pointer is how SQLite, which is translated from C, holds a function.
func pointer[F any](f F) uintptr { return *(*uintptr)(unsafe.Pointer(&f)) }

// methods are the file's; version 2 has shared memory, and none is mapped.
var methods = sqlite3.Tsqlite3_io_methods{
	FiVersion: 2,
	FxClose: pointer(func(_ *libc.TLS, f uintptr) int32 {
		h := of(f)
		h.locks.leave(&h.lock)
		mu.Lock()
		defer mu.Unlock()
		delete(opened, h)
		return sqlite3.SQLITE_OK
	}),
	FxRead: pointer(func(_ *libc.TLS, f, buf uintptr, n int32, offset int64) int32 {
		return of(f).Read(bytesAt(buf, n), offset)
	}),
	FxWrite: pointer(func(_ *libc.TLS, f, buf uintptr, n int32, offset int64) int32 {
		return of(f).Write(bytesAt(buf, n), offset)
	}),
	FxTruncate: pointer(func(_ *libc.TLS, f uintptr, size int64) int32 { return of(f).Truncate(size) }),
	FxSync:     pointer(func(_ *libc.TLS, f uintptr, _ int32) int32 { return of(f).Sync() }),
	FxFileSize: pointer(func(_ *libc.TLS, f, size uintptr) int32 {
		*(*int64)(at(size)) = of(f).Size()
		return sqlite3.SQLITE_OK
	}),
	FxLock: pointer(func(_ *libc.TLS, f uintptr, level int32) int32 {
		h := of(f)
		return h.locks.take(&h.lock, level)
	}),
	FxUnlock: pointer(func(_ *libc.TLS, f uintptr, level int32) int32 {
		h := of(f)
		return h.locks.lower(&h.lock, level)
	}),
	FxCheckReservedLock: pointer(func(_ *libc.TLS, f, out uintptr) int32 {
		*(*int32)(at(out)) = number(of(f).locks.taken())
		return sqlite3.SQLITE_OK
	}),
	FxFileControl:           pointer(func(*libc.TLS, uintptr, int32, uintptr) int32 { return sqlite3.SQLITE_NOTFOUND }),
	FxSectorSize:            pointer(func(*libc.TLS, uintptr) int32 { return 4096 }), // as on Unix
	FxDeviceCharacteristics: pointer(func(*libc.TLS, uintptr) int32 { return sqlite3.SQLITE_IOCAP_POWERSAFE_OVERWRITE }),
	FxShmMap: pointer(func(tls *libc.TLS, f uintptr, i, size, extend int32, out uintptr) int32 {
		*(*uintptr)(at(out)) = of(f).locks.region(tls, i, size, extend != 0)
		return sqlite3.SQLITE_OK
	}),
	FxShmLock: pointer(func(_ *libc.TLS, f uintptr, first, n, flags int32) int32 {
		h := of(f)
		return h.locks.takeSlots(&h.lock, first, n, flags)
	}),
	FxShmBarrier: pointer(func(*libc.TLS, uintptr) { mu.Lock(); mu.Unlock() }), //nolint:staticcheck // the barrier is the lock
	FxShmUnmap: pointer(func(tls *libc.TLS, f uintptr, drop int32) int32 {
		of(f).locks.unmap(tls, drop != 0)
		return sqlite3.SQLITE_OK
	}),
}

func number(b bool) int32 {
	if b {
		return 1
	}
	return 0
}

// Register makes s the VFS of that name. It panics when SQLite does not take it.
func Register(name string, s System) {
	tls := libc.NewTLS()
	text, err := libc.CString(name)
	if err != nil {
		panic(err)
	}
	p := libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(sqlite3.Tsqlite3_vfs{}))) // SQLite holds it for ever
	v := (*sqlite3.Tsqlite3_vfs)(at(p))
	*v = *(*sqlite3.Tsqlite3_vfs)(at(sqlite3.Xsqlite3_vfs_find(tls, 0))) // its clock, its randomness, its sleep
	v.FzName, v.FpNext, v.FiVersion = text, 0, 2
	v.FszOsFile = int32(unsafe.Sizeof(openFile{}))
	v.FxOpen, v.FxDelete, v.FxAccess = pointer(open), pointer(remove), pointer(access)
	v.FxFullPathname = pointer(func(tls *libc.TLS, _, path uintptr, n int32, out uintptr) int32 {
		libc.Xstrncpy(tls, out, path, libc.Tsize_t(n))
		return sqlite3.SQLITE_OK
	})
	mu.Lock()
	systems[p] = s
	mu.Unlock()
	if rc := sqlite3.Xsqlite3_vfs_register(tls, p, 0); rc != sqlite3.SQLITE_OK {
		panic("vfs: SQLite does not take the VFS " + name)
	}
}

func system(v uintptr) System {
	mu.Lock()
	defer mu.Unlock()
	return systems[v]
}

func remove(_ *libc.TLS, v, path uintptr, durably int32) int32 {
	return system(v).Delete(libc.GoString(path), durably != 0)
}

func access(_ *libc.TLS, v, path uintptr, _ int32, out uintptr) int32 {
	*(*int32)(at(out)) = number(system(v).Exists(libc.GoString(path)))
	return sqlite3.SQLITE_OK
}

func open(_ *libc.TLS, v, path, file uintptr, flags int32, out uintptr) int32 {
	*(*openFile)(at(file)) = openFile{}
	if path == 0 { // a temporary file; the gateway keeps those in memory
		return sqlite3.SQLITE_CANTOPEN
	}
	f, rc := system(v).Open(libc.GoString(path), flags&sqlite3.SQLITE_OPEN_CREATE != 0)
	if rc != sqlite3.SQLITE_OK {
		return rc
	}
	h := &handle{File: f, locks: f.Locks()}
	mu.Lock()
	defer mu.Unlock()
	opened[h] = true
	*(*openFile)(at(file)) = openFile{methods: uintptr(unsafe.Pointer(&methods)), handle: uintptr(unsafe.Pointer(h))}
	if out != 0 {
		*(*int32)(at(out)) = flags
	}
	return sqlite3.SQLITE_OK
}
