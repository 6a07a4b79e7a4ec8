package vfs

import (
	"sync"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// Locks are the locks of one file between the connections of this process, and
// the shared memory of its write-ahead log. The zero value is ready.
type Locks struct {
	mu       sync.Mutex
	shared   int
	reserved *lock  // who holds at least RESERVED
	waiting  *lock  // who holds at least PENDING
	slots    [8]int // shared holders of the log's locks; -1: one exclusive
	regions  []uintptr
}

// lock is what one open file of one connection holds.
type lock struct {
	level  int32 // of the file's lock
	shared uint8 // slots of the shared memory
	own    uint8
}

func (l *Locks) take(h *lock, level int32) int32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if level <= h.level {
		return sqlite3.SQLITE_OK
	}
	switch level {
	case sqlite3.SQLITE_LOCK_SHARED:
		if l.waiting != nil {
			return sqlite3.SQLITE_BUSY
		}
		l.shared++
	case sqlite3.SQLITE_LOCK_RESERVED:
		if l.reserved != nil {
			return sqlite3.SQLITE_BUSY
		}
		l.reserved = h
	default:
		if l.reserved != nil && l.reserved != h || l.waiting != nil && l.waiting != h {
			return sqlite3.SQLITE_BUSY
		}
		l.reserved, l.waiting = h, h
		if l.shared > 1 {
			h.level = sqlite3.SQLITE_LOCK_PENDING
			return sqlite3.SQLITE_BUSY
		}
	}
	h.level = level
	return sqlite3.SQLITE_OK
}

// lower reduces what a file holds of the lock.
func (l *Locks) lower(h *lock, level int32) int32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drop(h, level)
	return sqlite3.SQLITE_OK
}

func (l *Locks) drop(h *lock, level int32) {
	if level >= h.level {
		return
	}
	if l.reserved == h {
		l.reserved = nil
	}
	if l.waiting == h {
		l.waiting = nil
	}
	if level == sqlite3.SQLITE_LOCK_NONE {
		l.shared--
	}
	h.level = level
}

func (l *Locks) taken() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.reserved != nil
}

// leave drops everything that a file holds.
func (l *Locks) leave(h *lock) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drop(h, sqlite3.SQLITE_LOCK_NONE)
	for i := range l.slots {
		switch bit := uint8(1) << i; {
		case h.own&bit != 0:
			l.slots[i] = 0
		case h.shared&bit != 0:
			l.slots[i]--
		}
	}
	h.own, h.shared = 0, 0
}

// takeSlots takes or returns n of the log's locks.
func (l *Locks) takeSlots(h *lock, first, n int32, flags int32) int32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	mask := (uint8(1)<<n - 1) << first
	each := func(f func(slot *int)) {
		for i := first; i < first+n; i++ {
			f(&l.slots[i])
		}
	}
	switch busy := false; {
	case flags&sqlite3.SQLITE_SHM_UNLOCK != 0:
		if h.own&mask != 0 {
			each(func(s *int) { *s = 0 })
		} else if h.shared&mask != 0 {
			each(func(s *int) { *s-- })
		}
		h.own, h.shared = h.own&^mask, h.shared&^mask
	case flags&sqlite3.SQLITE_SHM_SHARED != 0:
		if h.shared&mask != 0 {
			break
		}
		if each(func(s *int) { busy = busy || *s < 0 }); busy {
			return sqlite3.SQLITE_BUSY
		}
		each(func(s *int) { *s++ })
		h.shared |= mask
	default:
		if h.own&mask == mask {
			break
		}
		if each(func(s *int) { busy = busy || *s != 0 }); busy {
			return sqlite3.SQLITE_BUSY
		}
		each(func(s *int) { *s = -1 })
		h.own |= mask
	}
	return sqlite3.SQLITE_OK
}

// region is the i-th part of the shared memory, 0 when it is not there and not
// to be made.
func (l *Locks) region(tls *libc.TLS, i, size int32, extend bool) uintptr {
	l.mu.Lock()
	defer l.mu.Unlock()
	for int(i) >= len(l.regions) {
		if !extend {
			return 0
		}
		l.regions = append(l.regions, libc.Xcalloc(tls, 1, libc.Tsize_t(size)))
	}
	return l.regions[i]
}

// unmap frees the shared memory when the last connection deletes it.
func (l *Locks) unmap(tls *libc.TLS, last bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !last {
		return
	}
	for _, p := range l.regions {
		libc.Xfree(tls, p)
	}
	l.regions = nil
}
