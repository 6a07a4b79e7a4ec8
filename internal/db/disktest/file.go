package disktest

import (
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/skinrail/skinrail/internal/db/vfs"
)

// code is SQLite's result code of a fault.
func (f Fault) code(c Call) int32 {
	switch f {
	case None, Ignored:
		return sqlite3.SQLITE_OK
	case NoSpace, Short:
		return sqlite3.SQLITE_FULL
	case ReadOnly:
		return sqlite3.SQLITE_READONLY
	}
	return [...]int32{sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_FSYNC,
		sqlite3.SQLITE_IOERR_TRUNCATE, sqlite3.SQLITE_IOERR_DELETE}[c]
}

// handle is one open file of one connection.
type handle struct {
	disk *Disk
	file *file
}

// Locks are the file's.
func (h *handle) Locks() *vfs.Locks { return &h.file.locks }

// open returns the file, made when create is set.
func (d *Disk) open(name string, create bool) (vfs.File, int32) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.off {
		return nil, sqlite3.SQLITE_CANTOPEN
	}
	f := d.files[name]
	if f == nil {
		if !create {
			return nil, sqlite3.SQLITE_CANTOPEN
		}
		f = &file{before: d.gone[name]}
		d.files[name] = f
		delete(d.gone, name)
	}
	return &handle{disk: d, file: f}, sqlite3.SQLITE_OK
}

func (d *Disk) delete(name string, durably bool) int32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	if f := d.decide(Delete); f != None {
		return f.code(Delete)
	}
	f := d.files[name]
	if f == nil {
		return sqlite3.SQLITE_IOERR_DELETE_NOENT
	}
	delete(d.files, name)
	if !durably {
		d.gone[name] = f
	}
	return sqlite3.SQLITE_OK
}

func (d *Disk) exists(name string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.files[name] != nil
}

// Read fills b, with zeros behind the end.
func (h *handle) Read(b []byte, at int64) int32 {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	if f := h.disk.decide(Read); f != None {
		return Fault(IOError).code(Read)
	}
	n := 0
	if at < int64(len(h.file.data)) {
		n = copy(b, h.file.data[at:])
	}
	if n < len(b) {
		clear(b[n:])
		return sqlite3.SQLITE_IOERR_SHORT_READ
	}
	return sqlite3.SQLITE_OK
}

// Write changes the file.
func (h *handle) Write(b []byte, at int64) int32 {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	w := write{at: at, data: append([]byte(nil), b...)}
	f := h.disk.decide(Write)
	switch f {
	case Cut: // under way when the power went
		h.file.pending = append(h.file.pending, w)
	case Short:
		w.data = w.data[:len(w.data)/2]
		h.file.change(w)
	case None:
		h.file.change(w)
	}
	return f.code(Write)
}

// Truncate sets the length.
func (h *handle) Truncate(size int64) int32 {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	f := h.disk.decide(Truncate)
	if f == None {
		h.file.change(write{at: size, cut: true})
	}
	return f.code(Truncate)
}

// Sync makes what was written durable.
func (h *handle) Sync() int32 {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	f := h.disk.decide(Sync)
	switch f {
	case None:
		h.file.sync()
		if !h.file.named {
			h.disk.syncNames()
		}
	case Cut, Ignored: // some of it had reached the disk
	default:
		h.file.lose()
		f = IOError
	}
	return f.code(Sync)
}

// Size is the length.
func (h *handle) Size() int64 {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	return int64(len(h.file.data))
}
