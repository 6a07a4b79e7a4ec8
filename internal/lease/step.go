package lease

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/lease/sqlc"
)

// forget is how long the row of a silent process is kept.
const forget = time.Hour

// sighting is when another process's beat was seen to move last.
type sighting struct {
	beat int64
	at   time.Time
}

// Beat tells the others that this process lives, and lets what it holds be used
// for a while longer. It is called about every second, whatever Step waits for.
// The trust is counted from before the beat, so that it ends before anybody who
// saw the beat gives this process up.
func (k *Keeper) Beat(ctx context.Context) error {
	if k.o.Alone {
		return nil
	}
	began := k.o.Clock()
	k.loseOld(began)
	var beat int64
	err := k.db.Write(db.Urgent(ctx), func(tx *db.Tx) (err error) {
		beat, err = sqlc.New(tx).Beat(ctx, sqlc.BeatParams{ID: k.o.Node, Roles: strings.Join(k.o.Roles, ",")})
		return err
	})
	if err != nil {
		return fmt.Errorf("lease: tell that this process lives: %w", err)
	}
	k.trust(began.Add(k.o.Length*3/4), beat)
	return nil
}

// Step takes what is wanted and nobody's, and gives back what is more than this
// process's share. It is called about every second, and whenever [Topic] is
// woken. It may wait for writes of a process that is gone, until the database
// ends them.
func (k *Keeper) Step(ctx context.Context) error {
	k.steps.Lock()
	defer k.steps.Unlock()
	if !k.began() {
		if err := k.Beat(ctx); err != nil {
			return err
		}
	}
	v, err := k.look(ctx)
	if err != nil {
		return fmt.Errorf("lease: look at the others: %w", err)
	}
	k.dropLost(v)
	if err := k.take(ctx, v); err != nil {
		return fmt.Errorf("lease: take: %w", err)
	}
	if err := k.giveBack(ctx, v); err != nil {
		return fmt.Errorf("lease: give back: %w", err)
	}
	return nil
}

// began reports whether others may know of this process.
func (k *Keeper) began() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.beat > 0
}

// trust lets what is held be used until a moment. A timer ends it, not a call: it
// may hang on a database that is gone.
func (k *Keeper) trust(until time.Time, beat int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.until, k.beat = until, beat
	if k.end != nil {
		k.end.Stop()
	}
	k.end = time.AfterFunc(until.Sub(k.o.Clock()), func() { k.loseOld(k.o.Clock()) })
}

// loseOld gives up everything if nobody was told in time that this process
// lives.
func (k *Keeper) loseOld(now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.trusted(now) {
		return
	}
	for name, l := range k.held {
		l.lose()
		delete(k.held, name)
	}
}

// view is what a step sees.
type view struct {
	leases map[string]sqlc.Lease
	alive  map[string]bool
	nodes  map[string]int // processes that live, by role, this one too
}

func (k *Keeper) look(ctx context.Context) (view, error) {
	q := sqlc.New(k.db.Read())
	nodes, err := q.Nodes(ctx)
	if err != nil {
		return view{}, err
	}
	leases, err := q.Leases(ctx)
	if err != nil {
		return view{}, err
	}
	v := view{leases: map[string]sqlc.Lease{}, alive: map[string]bool{}, nodes: map[string]int{}}
	for _, l := range leases {
		v.leases[l.Name] = l
	}
	for _, r := range k.o.Roles {
		v.nodes[r] = 1
	}
	now := k.o.Clock()
	for _, n := range nodes {
		if n.ID == k.o.Node || k.o.Alone {
			continue
		}
		if k.o.Gone(n.ID) {
			if err := k.drop(ctx, n.ID, n.Beat); err != nil {
				return view{}, err
			}
			continue
		}
		if s, ok := k.seen[n.ID]; !ok || s.beat != n.Beat {
			k.seen[n.ID] = sighting{beat: n.Beat, at: now}
		}
		switch silent := now.Sub(k.seen[n.ID].at); {
		case silent < k.o.Length:
			v.alive[n.ID] = true
			for r := range strings.SplitSeq(n.Roles, ",") {
				v.nodes[r]++
			}
		case silent >= forget:
			if err := k.drop(ctx, n.ID, n.Beat); err != nil {
				return view{}, err
			}
		}
	}
	return v, nil
}

// Beats are the processes that have rows, with what each has counted: whose
// number moves, lives. It is for those that hold no leases.
func Beats(ctx context.Context, d *db.DB) (map[string]int64, error) {
	nodes, err := sqlc.New(d.Read()).Nodes(ctx)
	if err != nil {
		return nil, fmt.Errorf("lease: look at the processes: %w", err)
	}
	beats := map[string]int64{}
	for _, n := range nodes {
		beats[n.ID] = n.Beat
	}
	return beats, nil
}

func (k *Keeper) drop(ctx context.Context, id string, beat int64) error {
	delete(k.seen, id)
	return k.db.Write(ctx, func(tx *db.Tx) error {
		return sqlc.New(tx).DropNode(ctx, sqlc.DropNodeParams{ID: id, Beat: beat})
	})
}

// dropLost ends what another process has taken.
func (k *Keeper) dropLost(v view) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.alive = len(v.alive) + 1
	for name, l := range k.held {
		if v.leases[name].Fence != l.fence {
			l.lose()
			delete(k.held, name)
		}
	}
}

// take takes what is wanted and nobody's, up to this process's share, and more
// when those who should take it do not.
func (k *Keeper) take(ctx context.Context, v view) error {
	now := k.o.Clock()
	mine, names := k.missing()
	got := map[string]int64{}
	for _, name := range names {
		l := v.leases[name]
		if v.alive[l.Holder] {
			delete(k.free, name)
			continue
		}
		if _, ok := k.free[name]; !ok {
			k.free[name] = now
		}
		r := role(name)
		if mine[r] >= k.share(v, r) && now.Sub(k.free[name]) < k.o.Length/2 {
			continue
		}
		got[name] = 0
		mine[r]++
	}
	if len(got) == 0 {
		return nil
	}
	if err := k.db.Write(ctx, func(tx *db.Tx) error { return k.takeTx(ctx, tx, v, got) }); err != nil {
		return err
	}
	k.keep(got)
	return nil
}

// missing are the wanted names that are not held, and how many are held of each
// role.
func (k *Keeper) missing() (mine map[string]int, names []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	mine = map[string]int{}
	for name := range k.held {
		mine[role(name)]++
	}
	for name := range k.wanted {
		if k.held[name] == nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return mine, names
}

// share is how many leases of a role are this process's part.
func (k *Keeper) share(v view, role string) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	all := 0
	for name := range k.wanted {
		if strings.HasPrefix(name, role+"/") {
			all++
		}
	}
	n := max(1, v.nodes[role])
	return (all + n - 1) / n
}

// takeTx takes each lease as it was seen, and puts the fencing numbers of those
// that it got into got; 0 says that somebody was faster.
func (k *Keeper) takeTx(ctx context.Context, tx *db.Tx, v view, got map[string]int64) error {
	for _, name := range slices.Sorted(maps.Keys(got)) {
		was := v.leases[name]
		fence, err := sqlc.New(tx).Take(ctx, sqlc.TakeParams{Name: name, Holder: k.o.Node, SeenHolder: was.Holder, SeenFence: was.Fence})
		if err != nil {
			return err
		}
		got[name] = 0
		for _, f := range fence {
			got[name] = f
		}
	}
	return nil
}

func (k *Keeper) keep(got map[string]int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for name, fence := range got {
		if fence == 0 {
			continue
		}
		delete(k.free, name)
		l := &lease{name: name, fence: fence}
		l.ctx, l.lose = context.WithCancel(context.Background())
		k.held[name] = l
	}
}

// giveBack gives back leases above the share, one of each role a step, once the
// work under them has ended.
func (k *Keeper) giveBack(ctx context.Context, v view) error {
	for _, r := range k.o.Roles {
		share := k.share(v, r)
		k.mu.Lock()
		back := k.spare(r, share)
		if back == nil {
			k.mu.Unlock()
			continue
		}
		back.giving = true
		back.lose()
		used := back.users > 0
		k.mu.Unlock()
		if used {
			continue
		}
		if err := k.giveUp(ctx, back); err != nil {
			return err
		}
	}
	return nil
}

// spare is the lease of a role to give back: one whose work was ended for it,
// also when it is not too many any more, or the last above the share; nil when
// there is none. It is called with k.mu held.
func (k *Keeper) spare(r string, share int) *lease {
	var last *lease
	mine := 0
	for _, name := range slices.Sorted(maps.Keys(k.held)) {
		if l := k.held[name]; role(name) == r {
			if l.giving {
				return l
			}
			mine++
			last = l
		}
	}
	if mine <= share {
		return nil
	}
	return last
}

func (k *Keeper) giveUp(ctx context.Context, leases ...*lease) error {
	err := k.db.Write(ctx, func(tx *db.Tx) error {
		for _, l := range leases {
			if err := sqlc.New(tx).GiveBack(ctx, sqlc.GiveBackParams{Name: l.name, Holder: k.o.Node, Fence: l.fence}); err != nil {
				return err
			}
		}
		tx.Wake(Topic)
		return nil
	})
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, l := range leases {
		l.lose()
		delete(k.held, l.name)
	}
	return nil
}

// Close gives everything back, so that others take it at once. Nothing may run
// under a lease any more.
func (k *Keeper) Close(ctx context.Context) error {
	k.steps.Lock()
	defer k.steps.Unlock()
	if k.o.Alone {
		return nil
	}
	k.mu.Lock()
	all, beat := slices.Collect(maps.Values(k.held)), k.beat
	if k.end != nil {
		k.end.Stop()
	}
	k.mu.Unlock()
	slices.SortFunc(all, func(a, b *lease) int { return strings.Compare(a.name, b.name) })
	return errors.Join(k.giveUp(ctx, all...), k.drop(ctx, k.o.Node, beat))
}
