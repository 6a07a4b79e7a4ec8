package lease_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/lease"
)

// node is a keeper with a clock that only the test moves.
type node struct {
	*lease.Keeper
	t   *testing.T
	now atomic.Int64
}

func open(t *testing.T, d *db.DB, name string, starts time.Time) *node {
	t.Helper()
	n := &node{t: t}
	n.now.Store(starts.UnixNano())
	n.Keeper = lease.New(d, lease.Options{Node: name, Roles: []string{"bot"}, Length: 5 * time.Second,
		Clock: func() time.Time { return time.Unix(0, n.now.Load()) }})
	return n
}

func (n *node) pass(d time.Duration) { n.now.Add(int64(d)) }

func (n *node) step() {
	n.t.Helper()
	if err := errors.Join(n.Beat(n.t.Context()), n.Step(n.t.Context())); err != nil {
		n.t.Fatal(err)
	}
}

// log is a table that guarded writes go to.
func log(t *testing.T, d *db.DB) {
	t.Helper()
	write(t, d, t.Context(), "create table written (who text not null)")
}

func write(t *testing.T, d *db.DB, ctx context.Context, query string, args ...any) {
	t.Helper()
	if err := try(d, ctx, query, args...); err != nil {
		t.Fatal(err)
	}
}

func try(d *db.DB, ctx context.Context, query string, args ...any) error {
	return d.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, query, args...)
		return err
	})
}

func count(t *testing.T, d *db.DB) (n int) {
	t.Helper()
	if err := d.Read().QueryRowContext(t.Context(), "select count(*) from written").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

var begin = time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)

// Clocks of nodes may differ by anything: only how long each has seen a beat
// stand still counts (I22).
func TestSilentNodeIsReplacedAfterItsTimeWhateverTheClocksSay(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{0, 5 * time.Minute, -5 * time.Minute, 366 * 24 * time.Hour, -366 * 24 * time.Hour} {
		t.Run(skew.String(), func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				a, b := open(t, d, "a", begin), open(t, d, "b", begin.Add(skew))
				a.Want("bot/1")
				b.Want("bot/1")
				a.step()
				for range 20 { // both live: nothing changes hands
					b.step()
					a.step()
					a.pass(time.Second)
					b.pass(time.Second)
				}
				if a.Fence("bot/1") != 1 || b.Fence("bot/1") != 0 {
					t.Fatalf("a holds %d, b %d; want 1 and 0", a.Fence("bot/1"), b.Fence("bot/1"))
				}
				b.step() // a dies here
				b.pass(4900 * time.Millisecond)
				b.step()
				if b.Fence("bot/1") != 0 {
					t.Error("taken over before its time")
				}
				a.pass(4 * time.Second)
				if a.Fence("bot/1") != 0 {
					t.Error("the holder still believes when others are about to take over")
				}
				b.pass(100 * time.Millisecond)
				b.step()
				if b.Fence("bot/1") != 2 {
					t.Errorf("b holds %d after the holder's silence, want 2", b.Fence("bot/1"))
				}
			})
		})
	}
}

// Who is proven to have ended is replaced without waiting; who is only silent is
// not.
func TestNobodyWaitsForAProcessThatHasEnded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		gone := map[string]bool{}
		a, frozen := open(t, d, "a", begin), open(t, d, "frozen", begin)
		a.Want("bot/1")
		a.step()
		frozen.Want("bot/2")
		frozen.step()
		b := lease.New(d, lease.Options{Node: "b", Roles: []string{"bot"}, Length: 5 * time.Second,
			Clock: func() time.Time { return begin }, Gone: func(node string) bool { return gone[node] }})
		b.Want("bot/1", "bot/2")
		step := func() {
			t.Helper()
			if err := errors.Join(b.Beat(t.Context()), b.Step(t.Context())); err != nil {
				t.Fatal(err)
			}
		}
		step()
		if b.Fence("bot/1") != 0 {
			t.Error("taken from the living")
		}
		gone["a"] = true
		step()
		if b.Fence("bot/1") != 2 || b.Fence("bot/2") != 0 {
			t.Errorf("b holds %d and %d, want 2 and nothing", b.Fence("bot/1"), b.Fence("bot/2"))
		}
		beats, err := lease.Beats(t.Context(), d)
		if _, there := beats["a"]; err != nil || there {
			t.Errorf("the row of a process that has ended: %v, %v", beats, err)
		}
	})
}

// The holder sleeps through its time and believes in its lease when it wakes in
// the middle of its work (I21).
func TestStaleHolderCanWriteNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		log(t, d)
		a, b := open(t, d, "a", begin), open(t, d, "b", begin)
		a.Want("bot/1")
		b.Want("bot/1")
		a.step()
		b.step()
		held, err := a.Under(t.Context(), "bot/1", func(ctx context.Context) error {
			if err := try(d, ctx, "insert into written (who) values ('a')"); err != nil {
				return err
			}
			b.pass(6 * time.Second)
			b.step() // a's own clock has not moved: it cannot know
			if b.Fence("bot/1") != 2 {
				t.Fatalf("b holds %d, want 2", b.Fence("bot/1"))
			}
			return try(d, ctx, "insert into written (who) values ('a, too late')")
		})
		if !held || !errors.Is(err, lease.ErrLost) {
			t.Errorf("held %v, %v; want the second write to be refused", held, err)
		}
		if n := count(t, d); n != 1 {
			t.Errorf("%d rows, want the one from before", n)
		}
		a.step()
		if held, err := a.Under(t.Context(), "bot/1", func(context.Context) error { return nil }); held || err != nil {
			t.Errorf("held %v, %v; want the lease gone after a step", held, err)
		}
	})
}

// A process that died in the middle of a write keeps the row of its lease locked
// for a while. Who waits for it still tells that it lives, and keeps what it has.
func TestWaitingForADeadWriteDoesNotLookDead(t *testing.T) {
	t.Parallel()
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		if !db.IsPostgres(target) {
			return // one process has a file
		}
		d, err := db.Open(t.Context(), target)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = d.Close() })
		dead, b := open(t, d, "dead", begin), open(t, d, "b", begin)
		dead.Want("bot/1")
		dead.step()
		b.Want("bot/1", "bot/2")
		b.step()
		stuck, err := pgx.Connect(t.Context(), target)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = stuck.Close(context.WithoutCancel(t.Context())) }()
		for _, query := range []string{"begin", "update lease set holder = holder where name = 'bot/1'"} {
			if _, err := stuck.Exec(t.Context(), query); err != nil {
				t.Fatal(err)
			}
		}
		b.pass(3 * time.Second)
		b.step()
		b.pass(2 * time.Second)
		waits := make(chan error, 1)
		go func() { waits <- b.Step(t.Context()) }()
		for range 20 { // twenty seconds by its clock
			if err := b.Beat(t.Context()); err != nil {
				t.Fatal(err)
			}
			b.pass(time.Second)
			time.Sleep(5 * time.Millisecond)
			if b.Fence("bot/2") == 0 {
				t.Fatal("what it had is lost")
			}
		}
		select {
		case err := <-waits:
			t.Fatalf("did not wait for the write that holds the row: %v", err)
		default:
		}
		if _, err := stuck.Exec(t.Context(), "rollback"); err != nil {
			t.Fatal(err)
		}
		if err := <-waits; err != nil || b.Fence("bot/1") == 0 {
			t.Errorf("not taken over afterwards: %v", err)
		}
	})
}

// Work under a lease ends with it, also while its step hangs on the database.
func TestContextEndsWithTheLease(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	k := lease.New(d, lease.Options{Node: "a", Roles: []string{"bot"}, Length: 500 * time.Millisecond})
	k.Want("bot/1")
	for held := false; !held; { // on a busy machine it may be lost before it is used
		if err := k.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
		var err error
		held, err = k.Under(t.Context(), "bot/1", func(ctx context.Context) error {
			<-ctx.Done() // no further step: nobody is told that this process lives
			return context.Cause(ctx)
		})
		if held && !errors.Is(err, lease.ErrLost) {
			t.Error(err)
		}
	}
}

func TestLeasesAreSharedAndTakenOver(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const leases = 7
		var nodes []*node
		for i := range 3 {
			n := open(t, d, fmt.Sprint(i), begin)
			for l := range leases {
				n.Want(fmt.Sprintf("bot/%d", l))
			}
			nodes = append(nodes, n)
		}
		holds := func(n *node) (held int) {
			for l := range leases {
				if n.Fence(fmt.Sprintf("bot/%d", l)) != 0 {
					held++
				}
			}
			return held
		}
		turn := func(live ...*node) {
			for range 20 {
				for _, n := range live {
					n.step()
				}
				for _, n := range nodes {
					n.pass(time.Second)
				}
			}
		}
		turn(nodes[0])
		if holds(nodes[0]) != leases {
			t.Errorf("the only node holds %d of %d", holds(nodes[0]), leases)
		}
		turn(nodes...)
		if a, b, c := holds(nodes[0]), holds(nodes[1]), holds(nodes[2]); a+b+c != leases || max(a, b, c) > 3 {
			t.Errorf("three nodes hold %d, %d and %d", a, b, c)
		}
		turn(nodes[1:]...)
		if a, b, c := holds(nodes[0]), holds(nodes[1]), holds(nodes[2]); a != 0 || b+c != leases || max(b, c) > 4 {
			t.Errorf("after one died: %d, %d and %d", a, b, c)
		}
		if err := nodes[1].Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		nodes[2].step() // at once
		if holds(nodes[2]) != leases {
			t.Errorf("after a clean stop the last node holds %d of %d", holds(nodes[2]), leases)
		}
	})
}

// A process begins to give a lease back, whose work has not ended yet, and then
// the one that was to have it is gone: the lease is not left to nobody.
func TestLeaseThatIsGivenBackInVainIsWorkedOnAgain(t *testing.T) {
	t.Parallel()
	for name, goes := range map[string]func(t *testing.T, b *node){
		"stopped": func(t *testing.T, b *node) {
			if err := b.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
		},
		"dead": func(*testing.T, *node) {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				a, b := open(t, d, "a", begin), open(t, d, "b", begin)
				for _, n := range []*node{a, b} {
					n.Want("bot/1", "bot/2")
				}
				a.step()
				later := func() {
					a.pass(time.Second)
					b.pass(time.Second)
					a.step()
				}
				held, err := a.Under(t.Context(), "bot/2", func(context.Context) error {
					b.step()
					later() // sees b, and wants to give it the second
					if a.Fence("bot/2") != 0 {
						t.Fatal("the second lease is not given back")
					}
					goes(t, b)
					for range 10 { // the work takes its time to end
						later()
					}
					return nil
				})
				if !held || err != nil {
					t.Fatalf("held %v, %v", held, err)
				}
				for range 10 {
					later()
				}
				for _, name := range []string{"bot/1", "bot/2"} {
					if a.Fence(name) == 0 {
						t.Errorf("nobody works on %s", name)
					}
				}
			})
		})
	}
}

func TestAloneNeedsNoTimeAndNoBeats(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for run := range int64(3) { // killed and started again
			k := lease.New(d, lease.Options{Node: "alone", Roles: []string{"bot"}, Alone: true})
			k.Want("bot/1")
			if err := k.Step(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := k.Fence("bot/1"); got != run+1 {
				t.Errorf("start %d: fence %d, want %d", run, got, run+1)
			}
		}
	})
}

// Keepers that lose and take as fast as they can, with writes in between: those
// of an older holder never come after those of a newer one.
func TestRacingHoldersNeverWriteOutOfTurn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		write(t, d, t.Context(), "create table written (n integer not null, fence integer not null, who text not null)")
		write(t, d, t.Context(), "insert into written (n, fence, who) values (0, 0, '')")
		var wg sync.WaitGroup
		var writes, refused atomic.Int64
		for i := range 4 {
			n := open(t, d, fmt.Sprint(i), begin)
			n.Want("bot/1")
			r := rand.New(rand.NewPCG(uint64(i), 1))
			wg.Go(func() {
				for range 150 {
					if err := errors.Join(n.Beat(t.Context()), n.Step(t.Context())); err != nil {
						t.Error(err)
						return
					}
					fence := n.Fence("bot/1")
					_, err := n.Under(t.Context(), "bot/1", func(ctx context.Context) error {
						time.Sleep(time.Duration(r.IntN(2000)) * time.Microsecond) // lets others take over by their clocks
						return d.Write(ctx, func(tx *db.Tx) error {
							// The row refuses a number that is behind the one in it.
							res, err := tx.ExecContext(ctx, "update written set n = n + 1, fence = $1, who = $2 where fence <= $1", fence, fmt.Sprint(i))
							if err != nil {
								return err
							}
							if rows, _ := res.RowsAffected(); rows == 0 {
								t.Errorf("number %d wrote after a newer one", fence)
							}
							writes.Add(1)
							return nil
						})
					})
					switch {
					case errors.Is(err, lease.ErrLost):
						refused.Add(1)
					case err != nil:
						t.Error(err)
					}
					n.pass(time.Duration(r.IntN(5000)) * time.Millisecond)
				}
			})
		}
		wg.Wait()
		var last int64
		if err := d.Read().QueryRowContext(t.Context(), "select fence from lease where name = 'bot/1'").Scan(&last); err != nil {
			t.Fatal(err)
		}
		t.Logf("%d writes, %d refused, %d holders", writes.Load(), refused.Load(), last)
		if writes.Load() == 0 || refused.Load() == 0 || last < 5 {
			t.Error("too little happened to show anything")
		}
	})
}
