package disktest

import (
	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// locks are the locks of one file between the connections of this process, and
// the shared memory of its write-ahead log.
type locks struct {
	shared   int
	reserved *handle // who holds at least RESERVED
	waiting  *handle // who holds at least PENDING
	slots    [8]int  // shared holders of the log's locks; -1: one exclusive
	regions  []uintptr
	mapped   int
}

func (h *handle) lock(level int32) int32 {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	l := &h.file.locks
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

func (h *handle) unlock(level int32) int32 {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	h.file.locks.lower(h, level)
	return sqlite3.SQLITE_OK
}

// lower reduces a handle's lock; the disk is locked.
func (l *locks) lower(h *handle, level int32) {
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

func (h *handle) reserved() bool {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	return h.file.locks.reserved != nil
}

// leave drops everything a handle holds; the disk is locked.
func (l *locks) leave(h *handle) {
	l.lower(h, sqlite3.SQLITE_LOCK_NONE)
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

// lockSlots takes or returns n of the log's locks.
func (h *handle) lockSlots(first, n int32, flags int32) int32 {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	l := &h.file.locks
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
func (h *handle) region(tls *libc.TLS, i, size int32, extend bool) uintptr {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	l := &h.file.locks
	for int(i) >= len(l.regions) {
		if !extend {
			return 0
		}
		l.regions = append(l.regions, libc.Xcalloc(tls, 1, libc.Tsize_t(size)))
	}
	return l.regions[i]
}

// unmap frees the shared memory when the last connection deletes it.
func (h *handle) unmap(tls *libc.TLS, last bool) {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	if !last {
		return
	}
	for _, p := range h.file.locks.regions {
		libc.Xfree(tls, p)
	}
	h.file.locks.regions = nil
}
