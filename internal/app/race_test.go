package app

import (
	"context"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/bot"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

// Payers take their trades back around the moment at which they become final,
// and others while they are released, with two agents to a bot and restarts in
// the middle: what Steam has undone is never paid out, what it has not is paid
// once, and the books are right (G7, I6, I13). SKINRAIL_RACES is how many.
func TestReleaseNeverPaysOutWhatWasReversed(t *testing.T) {
	t.Parallel()
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		const each = 5
		n := dose("SKINRAIL_RACES", 200)
		began := time.Now()
		a := newArena(t, target, 4, slices.Repeat([]int{each}, n/each))
		a.deposit(n / each)
		ready := time.Since(began)
		r := rand.New(rand.NewPCG(7, uint64(n)))
		races := a.accepted(n)
		start := a.clock()
		// Steam's protection ends after 168 hours, ours after 192. The agents of half
		// of the bots look at nothing in between: they find the end and the reversal
		// at the same moment.
		for i := range 16 {
			a.to(start.Add(158*time.Hour + time.Duration(40*i+r.IntN(40))*time.Minute))
			a.steam.Step(a.clock())
			agents := a.agents
			if a.clock().After(start.Add(162 * time.Hour)) {
				agents = agents[:len(agents)/2]
			}
			a.race(agents, races, r, i%4 == 3)
		}
		for i := range 8 {
			a.to(start.Add(191*time.Hour + time.Duration(10*i+r.IntN(10))*time.Minute))
			a.steam.Step(a.clock())
			a.race(a.agents, races, r, i%2 == 1)
		}
		a.to(start.Add(195 * time.Hour))
		a.settle(a.agents)
		paid, undone := a.compare(races)
		if undone == 0 || paid == 0 {
			t.Errorf("no race: %d paid, %d taken back", paid, undone)
		}
		t.Logf("%d races: %d released, %d reversed, in %s (made ready in %s)", n, paid, undone, time.Since(began).Round(time.Millisecond), ready.Round(time.Millisecond))
	})
}

// One user takes hundreds of trades back with one click, and twice as many users
// one each, at the same moment: all are seen and booked within a minute.
// SKINRAIL_REVERSALS is how many trades the one user has.
func TestManyReversalsAtOnceAreBookedWithinAMinute(t *testing.T) {
	t.Parallel()
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		n := dose("SKINRAIL_REVERSALS", 55)
		payers := append([]int{n}, slices.Repeat([]int{1}, 2*n)...)
		a := newArena(t, target, 3, payers)
		a.deposit(len(payers))
		races := a.accepted(3 * n)
		a.to(a.clock().Add(72 * time.Hour))
		a.settle(a.first())
		began := time.Now()
		clicked := map[steam.ID64]bool{}
		for _, c := range races {
			if !clicked[c.payer] && !a.click(c.payer, c.steam) {
				t.Errorf("%s cannot reverse", c.payer)
			}
			clicked[c.payer] = true
		}
		a.settle(a.first())
		took := time.Since(began)
		if paid, undone := a.compare(races); paid != 0 || undone != 3*n || took > time.Minute {
			t.Errorf("%d of %d reversed after %s", undone, 3*n, took)
		}
		t.Logf("%d trades of one user and of %d users reversed and booked in %s", n, 2*n, took.Round(time.Millisecond))
	})
}

// contest is one deposit and the trade that Steam keeps of it.
type contest struct {
	deposit int64
	payer   steam.ID64
	steam   steam.TradeID
}

func (a *arena) accepted(n int) (all []contest) {
	a.t.Helper()
	for id := int64(1); id <= int64(n); id++ {
		d, err := a.g.Deposits.ByID(a.t.Context(), id)
		a.ok(err)
		tr, err := a.g.Trades.ByID(a.t.Context(), d.TradeID)
		a.ok(err)
		if d.State != deposit.Held || tr.State != trade.Accepted {
			a.t.Fatalf("deposit %d is %s, its trade is %s: %s", id, d.State, tr.State, tr.Problem)
		}
		all = append(all, contest{id, d.SteamID, tr.SteamTrade})
	}
	return all
}

// race lets agents work while payers click, a thirtieth of all at a time; with
// a restart everything is stopped in the middle and started anew.
func (a *arena) race(agents []*bot.Agent, races []contest, r *rand.Rand, restart bool) {
	ctx, stop := context.WithCancel(a.t.Context())
	defer stop()
	var clicks []contest
	for range len(races)/150 + 1 { // each takes five back
		clicks = append(clicks, races[r.IntN(len(races))])
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for _, c := range clicks {
			a.click(c.payer, c.steam)
		}
	})
	wg.Go(func() {
		for range 3 {
			if ctx.Err() == nil {
				a.step(ctx, agents)
			}
		}
	})
	if restart {
		time.AfterFunc(time.Duration(r.IntN(30))*time.Millisecond, stop)
	}
	wg.Wait()
	if restart {
		a.restart()
	}
}

// compare holds every deposit against Steam's own record of its trade.
func (a *arena) compare(races []contest) (paid, undone int) {
	a.t.Helper()
	var want money.Amount
	for _, c := range races {
		d, err := a.g.Deposits.ByID(a.t.Context(), c.deposit)
		a.ok(err)
		_, shown := a.sim(http.MethodGet, "trades/"+string(c.steam))
		reversed := shown["status"] == float64(steam.TradeProtectionRollback)
		switch {
		case reversed && d.State == deposit.Failed && d.Reason == deposit.ReasonRollback:
			undone++
		case !reversed && d.State == deposit.Credited:
			paid++
			want += d.Amount - d.Commission
		default:
			a.t.Errorf("deposit %d is %s, Steam's record is %v", c.deposit, d.State, shown["status"])
		}
	}
	got, err := a.g.Ledger.Balance(a.t.Context(), ledger.Available(arenaProject))
	a.ok(err)
	held, err := a.g.Ledger.Balance(a.t.Context(), ledger.Held(arenaProject))
	a.ok(err)
	if got != want || held != 0 {
		a.t.Errorf("paid out %s, want %s; %s is still held", got, want, held)
	}
	report, err := Prove(a.t.Context(), a.db, true, nil)
	if a.ok(err); !report.OK() {
		a.t.Errorf("%s", report)
	}
	return paid, undone
}
