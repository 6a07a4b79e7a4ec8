package disktest

import (
	"path/filepath"
	"sync"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// VFS is the name under which SQLite knows the disks.
const VFS = "skinrail-disk"

// The driver's registry of VFSs is one for the process, and so is this: which
// disk a folder lies on, and what the files that SQLite holds open are.
var (
	register = sync.OnceFunc(registerVFS)
	mu       sync.Mutex
	mounted  = map[string]*Disk{}
	handles  = map[uintptr]*handle{}
	last     uintptr
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

func diskOf(path uintptr) (*Disk, string) {
	name := libc.GoString(path)
	mu.Lock()
	defer mu.Unlock()
	return mounted[filepath.Dir(name)], filepath.Base(name)
}

// openFile is what SQLite allocates for a file: its methods and our number.
type openFile struct {
	methods uintptr
	number  uintptr
}

func of(file uintptr) *handle {
	mu.Lock()
	defer mu.Unlock()
	return handles[(*openFile)(at(file)).number]
}

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
		h.close()
		mu.Lock()
		defer mu.Unlock()
		delete(handles, (*openFile)(at(f)).number)
		return sqlite3.SQLITE_OK
	}),
	FxRead: pointer(func(_ *libc.TLS, f, buf uintptr, n int32, offset int64) int32 {
		return of(f).read(bytesAt(buf, n), offset)
	}),
	FxWrite: pointer(func(_ *libc.TLS, f, buf uintptr, n int32, offset int64) int32 {
		return of(f).write(bytesAt(buf, n), offset)
	}),
	FxTruncate: pointer(func(_ *libc.TLS, f uintptr, size int64) int32 { return of(f).truncate(size) }),
	FxSync:     pointer(func(_ *libc.TLS, f uintptr, _ int32) int32 { return of(f).sync() }),
	FxFileSize: pointer(func(_ *libc.TLS, f, size uintptr) int32 {
		*(*int64)(at(size)) = of(f).size()
		return sqlite3.SQLITE_OK
	}),
	FxLock:   pointer(func(_ *libc.TLS, f uintptr, level int32) int32 { return of(f).lock(level) }),
	FxUnlock: pointer(func(_ *libc.TLS, f uintptr, level int32) int32 { return of(f).unlock(level) }),
	FxCheckReservedLock: pointer(func(_ *libc.TLS, f, out uintptr) int32 {
		*(*int32)(at(out)) = number(of(f).reserved())
		return sqlite3.SQLITE_OK
	}),
	FxFileControl:           pointer(func(*libc.TLS, uintptr, int32, uintptr) int32 { return sqlite3.SQLITE_NOTFOUND }),
	FxSectorSize:            pointer(func(*libc.TLS, uintptr) int32 { return 4096 }), // as on Unix
	FxDeviceCharacteristics: pointer(func(*libc.TLS, uintptr) int32 { return sqlite3.SQLITE_IOCAP_POWERSAFE_OVERWRITE }),
	FxShmMap: pointer(func(tls *libc.TLS, f uintptr, i, size, extend int32, out uintptr) int32 {
		*(*uintptr)(at(out)) = of(f).region(tls, i, size, extend != 0)
		return sqlite3.SQLITE_OK
	}),
	FxShmLock:    pointer(func(_ *libc.TLS, f uintptr, first, n, flags int32) int32 { return of(f).lockSlots(first, n, flags) }),
	FxShmBarrier: pointer(func(*libc.TLS, uintptr) { mu.Lock(); mu.Unlock() }), //nolint:staticcheck // the barrier is the lock
	FxShmUnmap: pointer(func(tls *libc.TLS, f uintptr, drop int32) int32 {
		of(f).unmap(tls, drop != 0)
		return sqlite3.SQLITE_OK
	}),
}

func number(b bool) int32 {
	if b {
		return 1
	}
	return 0
}

var vfs sqlite3.Tsqlite3_vfs

func registerVFS() {
	tls := libc.NewTLS()
	name, err := libc.CString(VFS)
	if err != nil {
		panic(err)
	}
	vfs = *(*sqlite3.Tsqlite3_vfs)(at(sqlite3.Xsqlite3_vfs_find(tls, 0))) // its clock, its randomness, its sleep
	vfs.FzName, vfs.FpNext, vfs.FiVersion = name, 0, 2
	vfs.FszOsFile = int32(unsafe.Sizeof(openFile{}))
	vfs.FxOpen = pointer(open)
	vfs.FxDelete = pointer(func(_ *libc.TLS, _, path uintptr, durably int32) int32 {
		d, name := diskOf(path)
		if d == nil {
			return sqlite3.SQLITE_IOERR_DELETE
		}
		return d.delete(name, durably != 0)
	})
	vfs.FxAccess = pointer(func(_ *libc.TLS, _, path uintptr, _ int32, out uintptr) int32 {
		d, name := diskOf(path)
		*(*int32)(at(out)) = number(d != nil && d.exists(name))
		return sqlite3.SQLITE_OK
	})
	vfs.FxFullPathname = pointer(func(tls *libc.TLS, _, path uintptr, n int32, out uintptr) int32 {
		libc.Xstrncpy(tls, out, path, libc.Tsize_t(n))
		return sqlite3.SQLITE_OK
	})
	if rc := sqlite3.Xsqlite3_vfs_register(tls, uintptr(unsafe.Pointer(&vfs)), 0); rc != sqlite3.SQLITE_OK {
		panic("disktest: SQLite does not take the VFS")
	}
}

func open(_ *libc.TLS, _, path, file uintptr, flags int32, out uintptr) int32 {
	*(*openFile)(at(file)) = openFile{}
	if path == 0 { // a temporary file; the gateway keeps those in memory
		return sqlite3.SQLITE_CANTOPEN
	}
	d, name := diskOf(path)
	if d == nil {
		return sqlite3.SQLITE_CANTOPEN
	}
	h, rc := d.open(name, flags&sqlite3.SQLITE_OPEN_CREATE != 0)
	if rc != sqlite3.SQLITE_OK {
		return rc
	}
	mu.Lock()
	defer mu.Unlock()
	last++
	handles[last] = h
	*(*openFile)(at(file)) = openFile{methods: uintptr(unsafe.Pointer(&methods)), number: last}
	if out != 0 {
		*(*int32)(at(out)) = flags
	}
	return sqlite3.SQLITE_OK
}
