package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// maxGroup is how many writes share one commit.
const maxGroup = 128

// writer owns SQLite's only writing connection. Who writes alone does so in his
// own goroutine; those who come meanwhile wait for a loop that joins them.
type writer struct {
	db      *DB
	pool    *sql.DB
	jobs    chan *job
	more    chan struct{} // there may be jobs
	quit    chan struct{}
	done    chan struct{}
	stop    sync.Once
	callers atomic.Int64 // who write or wait
	version atomic.Int64 // one more before a commit and after it: odd while one is under way

	turn    sync.Mutex // held by who writes; guards what follows
	conn    *sql.Conn
	stmts   map[string]*kept
	lists   map[string]driver.Stmt // those of lists that return no rows
	values  []driver.NamedValue    // of one of them, while it runs
	bad     error                  // set once: nothing can be acknowledged any more
	careful int                    // groups that still run in savepoints
	logMost int64                  // pages of the log until readers are waited for; 0: there is none
}

type job struct {
	ctx context.Context
	f   func(tx *Tx) error
	tx  *Tx
	err error
	end chan struct{}
}

func newWriter(ctx context.Context, d *DB, pool *sql.DB) (*writer, error) {
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	w := &writer{db: d, pool: pool, conn: conn, stmts: map[string]*kept{}, lists: map[string]driver.Stmt{},
		jobs: make(chan *job, 4*maxGroup), more: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{})}
	go w.loop()
	return w, nil
}

func (w *writer) do(ctx context.Context, f func(tx *Tx) error) error {
	j := &job{ctx: ctx, f: f, end: make(chan struct{})}
	defer w.callers.Add(-1)
	if w.callers.Add(1) == 1 {
		return w.alone(j)
	}
	select {
	case w.jobs <- j:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.quit:
		return sql.ErrConnDone
	}
	select {
	case w.more <- struct{}{}:
	default:
	}
	select {
	case <-j.end:
		return j.err
	case <-w.done:
	}
	select { // the loop may have answered just before it ended
	case <-j.end:
		return j.err
	default:
		return sql.ErrConnDone
	}
}

// alone runs a job for which nobody has to wait.
func (w *writer) alone(j *job) error {
	err := sql.ErrConnDone
	w.inTurn(func() {
		select {
		case <-w.quit:
		default:
			w.commit([]*job{j})
			err = j.err
		}
	})
	return err
}

// inTurn runs f when nobody else writes.
func (w *writer) inTurn(f func()) {
	w.turn.Lock()
	returned := false
	defer func() {
		if !returned { // a closure ended this goroutine, as runtime.Goexit does
			w.bad = errors.New("db: a write ended its goroutine")
			w.db.fail(w.bad)
		}
		w.turn.Unlock()
	}()
	f()
	returned = true
}

func (w *writer) loop() {
	defer close(w.done)
	for {
		select {
		case <-w.quit:
			return
		case <-w.more:
		}
		for len(w.jobs) > 0 {
			w.inTurn(func() { w.commit(w.gather()) })
		}
	}
}

// gather takes what waits, without waiting for more: the group is what came in
// while the last commit went to disk. Those whom that commit answered are
// often about to write again; yielding lets them join, else groups alternate
// between tiny and large.
func (w *writer) gather() (group []*job) {
	for len(group) < maxGroup {
		select {
		case j := <-w.jobs:
			group = append(group, j)
			continue
		default:
		}
		runtime.Gosched()
		if len(w.jobs) == 0 {
			break
		}
	}
	return group
}

// commit runs a group in one transaction and answers each job after it.
func (w *writer) commit(group []*job) {
	err := w.bad
	if err == nil {
		err = w.transact(group)
	}
	for _, j := range group {
		if err != nil {
			j.err = err
		}
		if j.err == nil {
			j.tx.committed(&w.db.bus)
		}
		close(j.end)
	}
	if err == nil {
		w.shorten()
	}
}

// carefulGroups is how many groups run in savepoints after one had a job that
// failed: failures come in runs.
const carefulGroups = 16

// transact runs a group in one transaction. Savepoints cost a sixth of a write,
// so at first the jobs share the transaction as it is; when one fails,
// everything is undone and all run again, each in a savepoint of its own.
func (w *writer) transact(group []*job) error {
	w.forget()
	if w.careful == 0 {
		failed, err := w.together(group)
		if err != nil || !failed || len(group) == 1 {
			return err
		}
		w.careful = carefulGroups
	}
	w.careful--
	return w.apart(group)
}

// together runs the group without savepoints. When a job failed, nothing of the
// group has happened.
func (w *writer) together(group []*job) (failed bool, err error) {
	if err := w.begin(); err != nil {
		return false, err
	}
	for _, j := range group {
		if err := w.run(j); err != nil {
			return false, errors.Join(err, w.exec("rollback"))
		}
		if j.err != nil {
			return true, w.exec("rollback")
		}
	}
	return false, w.flush(len(group))
}

// apart runs each job of the group in a savepoint.
func (w *writer) apart(group []*job) error {
	if err := w.begin(); err != nil {
		return err
	}
	for _, j := range group {
		if err := w.runApart(j); err != nil {
			return errors.Join(err, w.exec("rollback"))
		}
	}
	return w.flush(len(group))
}

func (w *writer) begin() error {
	if err := w.exec("begin immediate"); err != nil {
		return fmt.Errorf("begin write: %w", err)
	}
	return nil
}

// flush commits; when it returns nil, the group is on disk.
func (w *writer) flush(writes int) error {
	began := time.Now()
	w.version.Add(1)
	err := w.exec("commit")
	w.version.Add(1)
	if err != nil {
		return w.commitFailed(err)
	}
	w.db.watched(began, writes)
	return nil
}

// commitFailed decides after a failed COMMIT. What reached the disk is not
// known after an I/O error, and an fsync must never be repeated (G12). A COMMIT
// that was refused before it wrote leaves a transaction to roll back.
func (w *writer) commitFailed(err error) error {
	class := Class(err)
	if rb := w.exec("rollback"); rb == nil && (class == Busy || class == ForeignKey) {
		return err
	}
	w.bad = fmt.Errorf("%w: %w", ErrCommitUnknown, err)
	w.db.fail(w.bad)
	return w.bad
}

// run calls one closure and keeps its error in the job; the returned error means
// that the group cannot go on.
func (w *writer) run(j *job) error {
	if j.err = j.ctx.Err(); j.err != nil {
		return nil
	}
	j.tx = &Tx{ctx: context.Background(), q: writerQuerier{w}, floors: w.db.floors}
	if j.err = run(j.f, j.tx); Class(j.err) == Disk {
		w.bad = j.err
		w.db.fail(j.err)
		return j.err
	}
	return nil
}

// runApart runs a job so that its error undoes only its own changes.
func (w *writer) runApart(j *job) error {
	if err := w.exec("savepoint job"); err != nil {
		return err
	}
	if err := w.run(j); err != nil {
		return err
	}
	if j.err != nil {
		return errors.Join(w.exec("rollback to job"), w.exec("release job"))
	}
	return w.exec("release job")
}

func (w *writer) exec(query string) error {
	k, err := w.prepared(query)
	if err != nil {
		return err
	}
	_, err = k.stmt.ExecContext(context.Background())
	return err
}

// end stops the loop after the group that runs; whoever waits is refused.
func (w *writer) end() {
	w.stop.Do(func() { close(w.quit) })
	<-w.done
	w.inTurn(func() {}) // who writes alone has ended too
}

func (w *writer) close() error {
	w.end()
	w.drop()
	return errors.Join(w.conn.Close(), w.pool.Close())
}
