package memory

import (
	"sync"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// withoutMutexes lets SQLite of this process work without the mutex of each
// connection, which database/sql gives to one goroutine at a time anyway, and
// without counting what it allocates: a tenth of what a small statement costs.
// Its small pieces come from room set aside for each connection, of which the
// statements that stay prepared would use up the usual 40.
// Statements keep the plan that they were compiled with, whatever values they
// get: the ids of a world that has just begun are 0 and 1 at times, which SQLite
// would plan for anew each time.
// Where SQLite has begun already, everything stays as it was.
func withoutMutexes() {
	tls := libc.NewTLS()
	defer tls.Close()
	args := libc.Xmalloc(tls, 16)
	defer libc.Xfree(tls, args)
	if sqlite3.Xsqlite3_config(tls, sqlite3.SQLITE_CONFIG_MUTEX, libc.VaList(args, uintptr(unsafe.Pointer(&mutexes)))) != sqlite3.SQLITE_OK {
		return
	}
	sqlite3.Xsqlite3_config(tls, sqlite3.SQLITE_CONFIG_MEMSTATUS, libc.VaList(args, int32(0)))
	sqlite3.Xsqlite3_config(tls, sqlite3.SQLITE_CONFIG_LOOKASIDE, libc.VaList(args, int32(1200), int32(2000)))
	sqlite3.Xsqlite3_auto_extension(tls, pointer(func(tls *libc.TLS, db, _, _ uintptr) int32 {
		args := libc.Xmalloc(tls, 16)
		defer libc.Xfree(tls, args)
		return sqlite3.Xsqlite3_db_config(tls, db, sqlite3.SQLITE_DBCONFIG_ENABLE_QPSG, libc.VaList(args, int32(1), uintptr(0)))
	}))
}

// mutex is one of SQLite's. none stands for those of connections.
type mutex struct{ sync.Mutex }

var (
	none   mutex
	static [16]mutex // by SQLite's number: what connections share
	fast   sync.Map  // *mutex: those made later, kept alive
)

func pointer[F any](f F) uintptr { return *(*uintptr)(unsafe.Pointer(&f)) }

func mutexAt(p uintptr) *mutex { return *(**mutex)(unsafe.Pointer(&p)) }

var mutexes = sqlite3.Tsqlite3_mutex_methods{
	FxMutexInit: pointer(func(*libc.TLS) int32 { return sqlite3.SQLITE_OK }),
	FxMutexEnd:  pointer(func(*libc.TLS) int32 { return sqlite3.SQLITE_OK }),
	FxMutexAlloc: pointer(func(_ *libc.TLS, kind int32) uintptr {
		m := &none
		switch kind {
		case sqlite3.SQLITE_MUTEX_RECURSIVE:
		case sqlite3.SQLITE_MUTEX_FAST:
			m = &mutex{}
			fast.Store(m, true)
		default:
			m = &static[kind]
		}
		return uintptr(unsafe.Pointer(m))
	}),
	FxMutexFree: pointer(func(_ *libc.TLS, p uintptr) { fast.Delete(mutexAt(p)) }),
	FxMutexEnter: pointer(func(_ *libc.TLS, p uintptr) {
		if m := mutexAt(p); m != &none {
			m.Lock()
		}
	}),
	FxMutexTry: pointer(func(_ *libc.TLS, p uintptr) int32 {
		if m := mutexAt(p); m != &none && !m.TryLock() {
			return sqlite3.SQLITE_BUSY
		}
		return sqlite3.SQLITE_OK
	}),
	FxMutexLeave: pointer(func(_ *libc.TLS, p uintptr) {
		if m := mutexAt(p); m != &none {
			m.Unlock()
		}
	}),
	FxMutexHeld:    pointer(func(*libc.TLS, uintptr) int32 { return 1 }),
	FxMutexNotheld: pointer(func(*libc.TLS, uintptr) int32 { return 1 }),
}
