package simulation

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/skinrail/skinrail/internal/db"
)

type (
	writer = func(func(*db.Tx) error) error
	body   = func(*db.Tx) error
	caller = func() (*http.Response, error)
)

// processFaults: the process dies between two calls, or sleeps (F1).
var processFaults = []*kind{
	{name: "F1 crash before a write", at: atWrite, write: func(r *run, _ writer, _ body) error { r.die(); return nil }},
	{name: "F1 crash after a write", at: atWrite, write: func(r *run, write writer, f body) error {
		_ = write(f)
		r.die()
		return nil
	}},
	{name: "F1 crash before a call to Steam", at: atSteam, steam: func(r *run, _ *http.Request, _ caller) (*http.Response, error) { r.die(); return nil, nil }},
	{name: "F1 crash after a call to Steam", at: atSteam, steam: func(r *run, _ *http.Request, call caller) (*http.Response, error) {
		_, _ = call()
		r.die()
		return nil, nil
	}},
	{name: "F1 crash before a delivery", at: atShop, shop: func(r *run, _ *shop, _ func()) (*http.Response, error) { r.die(); return nil, nil }},
	{name: "F1 crash after a delivery", at: atShop, shop: func(r *run, _ *shop, deliver func()) (*http.Response, error) {
		deliver()
		r.die()
		return nil, nil
	}},
	{name: "F1 crash between steps", at: atOnce, now: func(*run) bool { panic(crash{}) }},
	{name: "F1 freeze for a minute", at: atWrite, write: func(r *run, write writer, f body) error {
		r.clock.pass(time.Minute)
		return write(f)
	}},
	{name: "F1 off for two weeks", at: atOnce, often: 1, now: func(r *run) bool {
		r.clock.pass(15 * 24 * time.Hour)
		r.steam.Step(r.clock.Steam())
		panic(crash{})
	}},
	{name: "F1 SIGTERM before a write", at: atWrite, write: func(r *run, write writer, f body) error {
		r.stop()
		return write(f)
	}},
	{name: "F1 SIGTERM before a call to Steam", at: atSteam, steam: func(r *run, _ *http.Request, _ caller) (*http.Response, error) {
		r.stop()
		return nil, context.Canceled
	}},
	{name: "F1 SIGTERM during a call to Steam", at: atSteam, steam: func(r *run, _ *http.Request, call caller) (*http.Response, error) {
		_, _ = call()
		r.stop()
		return nil, context.Canceled
	}},
	{name: "F1 SIGTERM during a delivery", at: atShop, shop: func(r *run, _ *shop, deliver func()) (*http.Response, error) {
		deliver()
		r.stop()
		return nil, context.Canceled
	}},
	{name: "F1 replaced while frozen before a write", at: atWrite, bots: true, write: func(r *run, write writer, f body) error {
		r.replace()
		return write(f)
	}},
	{name: "F1 replaced while frozen before a call to Steam", at: atSteam, bots: true, steam: func(r *run, _ *http.Request, call caller) (*http.Response, error) {
		r.replace()
		return call()
	}},
	{name: "F1 replaced while frozen after a call to Steam", at: atSteam, bots: true, steam: func(r *run, _ *http.Request, call caller) (*http.Response, error) {
		a, err := call()
		r.replace()
		return a, err
	}},
	{name: "F1 restart in good order", at: atOnce, now: func(r *run) bool { r.restart(); return true }},
}

// replace lets another process take over what a frozen one held, and work, before
// that one wakes in the middle of its step.
func (r *run) replace() {
	frozen := r.worker
	r.worker = nil
	r.clock.pass(time.Minute)
	r.restarts()
	for i := range r.bots {
		r.guard(func() { r.agentStep(i) })
	}
	r.worker, r.acting = frozen, true
}

var errUndone = errors.New("simulated: undone")

// databaseFaults: the disk and the database (F2, F3).
var databaseFaults = []*kind{
	{name: "F2 no space left", at: atWrite, write: func(r *run, _ writer, _ body) error {
		r.dead = true
		return errDisk
	}},
	{name: "F2 a read fails", at: atRead, often: 2},
	{name: "F3 busy", at: atWrite, write: func(*run, writer, body) error {
		return &pgconn.PgError{Severity: "ERROR", Code: "55P03", Message: "simulated: busy"}
	}},
	{name: "F3 serialization failure, run again", at: atWrite, write: func(_ *run, write writer, f body) error {
		undone := write(func(tx *db.Tx) error { return errors.Join(f(tx), errUndone) })
		if !errors.Is(undone, errUndone) {
			return undone
		}
		return write(f)
	}},
	{name: "F3 deadlock", at: atWrite, write: func(_ *run, write writer, f body) error {
		_ = write(func(tx *db.Tx) error { return errors.Join(f(tx), errUndone) })
		return &pgconn.PgError{Severity: "ERROR", Code: "40P01", Message: "simulated: deadlock"}
	}},
	{name: "F3 answer to COMMIT lost, committed", at: atWrite, write: func(_ *run, write writer, f body) error {
		return errors.Join(write(f), db.ErrCommitUnknown)
	}},
	{name: "F3 answer to COMMIT lost, not committed", at: atWrite, write: func(_ *run, write writer, f body) error {
		_ = write(func(tx *db.Tx) error { return errors.Join(f(tx), errUndone) })
		return db.ErrCommitUnknown
	}},
}
