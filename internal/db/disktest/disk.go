package disktest

import (
	"maps"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/skinrail/skinrail/internal/db/vfs"
)

// sector is what a disk writes whole or not at all.
const sector = 512

// Disk is one simulated disk; its methods may be called concurrently.
type Disk struct {
	mu    sync.Mutex
	files map[string]*file
	gone  map[string]*file // deleted, but the deletion is not durable
	calls int              // that could change or fail
	plan  Plan
	off   bool
	bad   bool // a call has failed
}

// Plan decides about the n-th call, counted from 1. It is called with the disk
// locked.
type Plan func(n int, c Call) Fault

// Call is what SQLite asks of the disk.
type Call int

// The calls that can fail.
const (
	Read Call = iota
	Write
	Sync
	Truncate
	Delete
)

func (c Call) String() string { return [...]string{"read", "write", "fsync", "truncate", "delete"}[c] }

// Fault is what goes wrong with a call.
type Fault int

// The faults. Cut is the loss of power: the call is not done and everything
// after it fails.
const (
	None Fault = iota
	Cut
	IOError
	NoSpace
	Short    // half of a write, then no space
	ReadOnly // the file system was remounted
	Ignored  // an fsync that says it is done and is not
)

func (f Fault) String() string {
	return [...]string{"none", "cut", "i/o error", "no space", "short write", "read-only", "ignored"}[f]
}

// file is one file. data is what a reader sees now.
type file struct {
	data    []byte
	durable []byte
	named   bool    // its name is durable
	pending []write // since the last fsync, in order
	before  *file   // durable file of the same name that this one replaced
	locks   vfs.Locks
}

// write is one write, or with cut a change of the length to at.
type write struct {
	at   int64
	data []byte
	cut  bool
}

// New is an empty disk without faults.
func New() *Disk {
	return &Disk{files: map[string]*file{}, gone: map[string]*file{}}
}

// Put makes a file that is durable.
func (d *Disk) Put(name string, data []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.files[name] = &file{data: slices.Clone(data), durable: slices.Clone(data), named: true}
}

// Fail makes plan decide from the next call on, which is number 1.
func (d *Disk) Fail(plan Plan) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls, d.plan = 0, plan
}

// Calls is how many calls were decided since [Disk.Fail].
func (d *Disk) Calls() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls
}

// Faulty reports whether any call has failed.
func (d *Disk) Faulty() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.bad
}

// decide is what goes wrong with a call; the disk is locked.
func (d *Disk) decide(c Call) Fault {
	if d.off {
		return Cut
	}
	d.calls++
	if d.plan == nil {
		return None
	}
	f := d.plan(d.calls, c)
	d.off = f == Cut
	d.bad = d.bad || f != None && f != Ignored
	return f
}

// Crashed is the disk after the death of the process alone: what was written is
// there, synced or not.
func (d *Disk) Crashed() *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	next := New()
	for name, f := range d.files {
		n := &file{data: slices.Clone(f.data), durable: slices.Clone(f.durable), named: f.named, pending: slices.Clone(f.pending), before: f.before}
		next.files[name] = n
	}
	maps.Copy(next.gone, d.gone)
	return next
}

// PowerCut is the disk after the loss of power, as r decides.
func (d *Disk) PowerCut(r *rand.Rand) *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	next := New()
	for _, name := range slices.Sorted(maps.Keys(d.gone)) {
		if f := d.gone[name]; f.named && r.IntN(2) == 0 {
			next.put(name, f.durable)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.files)) {
		f := d.files[name]
		if f.named || r.IntN(2) == 0 {
			next.put(name, f.survivor(r))
		} else if f.before != nil {
			next.put(name, f.before.durable)
		}
	}
	return next
}

func (d *Disk) put(name string, data []byte) {
	d.files[name] = &file{data: slices.Clone(data), durable: slices.Clone(data), named: true}
}

// survivor is the content after a power cut: durable, and any subset of the
// sectors written since, of several writes of one sector any one.
func (f *file) survivor(r *rand.Rand) []byte {
	parts := f.sectors()
	keep := []float64{0, 0.1, 0.5, 0.9, 1}[r.IntN(5)]
	if keep < 1 { // a disk that reorders
		r.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	}
	out := slices.Clone(f.durable)
	for _, p := range parts {
		if r.Float64() < keep {
			out = p.apply(out)
		}
	}
	return out
}

// sectors cuts the pending writes at the borders of sectors.
func (f *file) sectors() (parts []write) {
	for _, w := range f.pending {
		if w.cut {
			parts = append(parts, w)
			continue
		}
		for at, rest := w.at, w.data; len(rest) > 0; {
			n := min(int64(len(rest)), sector-at%sector)
			parts = append(parts, write{at: at, data: rest[:n]})
			at, rest = at+n, rest[n:]
		}
	}
	return parts
}

// apply is b after the write.
func (w write) apply(b []byte) []byte {
	if w.cut {
		return resize(b, w.at)
	}
	if end := w.at + int64(len(w.data)); end > int64(len(b)) {
		b = resize(b, end)
	}
	copy(b[w.at:], w.data)
	return b
}

func resize(b []byte, n int64) []byte {
	if n <= int64(len(b)) {
		return b[:n]
	}
	return append(b, make([]byte, n-int64(len(b)))...)
}

func (f *file) change(w write) {
	f.pending = append(f.pending, w)
	f.data = w.apply(f.data)
}

// sync makes the file's content durable.
func (f *file) sync() {
	for _, w := range f.pending {
		f.durable = w.apply(f.durable)
	}
	f.pending = nil
}

// syncNames makes durable which files there are: SQLite's own VFS for Unix
// syncs the folder of a new file together with its first fsync.
func (d *Disk) syncNames() {
	for _, f := range d.files {
		f.named, f.before = true, nil
	}
	clear(d.gone)
}

// lose forgets what was to be made durable: a failed fsync leaves the pages
// marked clean, and a later one does not write them.
func (f *file) lose() { f.pending = nil }
