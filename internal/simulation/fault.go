package simulation

import (
	"net/http"
	"slices"

	"github.com/skinrail/skinrail/internal/db"
)

// point is where a fault can be met.
type point int

const (
	atWrite point = iota
	atSteam
	atShop
	atRead
	points
	atOnce = points // not at an I/O call: happens when it is chosen
)

// kind is one way to fail. Its name begins with the class of the fault model.
type kind struct {
	name  string
	at    point
	on    []string // endpoints of Steam; empty: all
	bots  bool     // only where a bot works
	write func(r *run, write func(func(*db.Tx) error) error, f func(*db.Tx) error) error
	steam func(r *run, q *http.Request, call func() (*http.Response, error)) (*http.Response, error)
	shop  func(r *run, s *shop, deliver func()) (*http.Response, error)
	now   func(r *run) bool // false: there was nobody to do it to
	often int               // how much likelier than others, which have 0
}

// armed is a fault that waits for the call it will be met by.
type armed struct {
	*kind
	skip int // calls that pass first
}

// kinds is everything that can fail.
var kinds = slices.Concat(processFaults, databaseFaults, steamFaults(), shopFaults, payerFaults, clientFaults, clockFaults)

// draws holds each kind as often as it is drawn.
var draws = func() (all []*kind) {
	for _, k := range kinds {
		for range 1 + k.often {
			all = append(all, k)
		}
	}
	return all
}()

// arm chooses a fault and lays it in wait. One that finds nobody to do it to is
// replaced by another.
func (r *run) arm() {
	r.laid++
	left := r.only != nil && !slices.Contains(r.only, r.laid)
	for range 20 {
		k := draws[r.rng.IntN(len(draws))]
		if k.at != atOnce {
			if a := (armed{k, r.rng.IntN(3)}); !left {
				r.armed[k.at] = append(r.armed[k.at], a)
			}
			return
		}
		if left {
			return
		}
		done := false
		died := !r.survives(func() { done = k.now(r) })
		if done || died {
			r.met(k)
		}
		r.guard(func() {
			if died {
				panic(crash{})
			}
		})
		r.check()
		if done || died {
			return
		}
	}
}

// take returns the fault that a call meets, if any.
func (r *run) take(at point, where string) *kind {
	if r.nth != nil {
		if k := r.nth.due(at); k != nil {
			r.met(k)
			return k
		}
	}
	list := r.armed[at]
	for i := range list {
		if len(list[i].on) > 0 && !slices.Contains(list[i].on, where) {
			continue
		}
		if list[i].bots && r.worker == nil {
			continue
		}
		if list[i].skip > 0 {
			list[i].skip--
			continue
		}
		k := list[i].kind
		r.armed[at] = append(list[:i:i], list[i+1:]...)
		r.met(k)
		return k
	}
	return nil
}

func (r *run) met(k *kind) {
	r.broken++
	r.cover.add("fault", k.name)
	r.trace.add("  fault %s", k.name)
}

// disarm takes back what was not met.
func (r *run) disarm() {
	r.armed = [points][]armed{}
	r.outage, r.nth = r.clock.steam, nil
	for _, s := range r.shops {
		s.flaps = 0
	}
}

// read is the hook of all reads: what it returns runs.
func (r *run) read(query string) string {
	if r.acting && r.take(atRead, "") != nil {
		return "select 1 from a_disk_that_cannot_be_read"
	}
	return query
}

// write is the hook of all writes.
func (r *run) write(write func(func(*db.Tx) error) error, f func(*db.Tx) error) error {
	r.alive()
	if r.dead {
		return errDisk
	}
	var err error
	if k := r.take(atWrite, ""); k != nil {
		err = k.write(r, write, f)
	} else {
		err = write(f)
	}
	if err == nil && r.worker != nil && r.worker != r.gateway {
		r.fail("I21: a bot of a process that was replaced has written")
	}
	if err != nil {
		r.trace.add("  write: %v", err)
	} else {
		r.trace.add("  write")
	}
	return err
}
