package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/reconcile"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

// Hold is how long a protected trade is held when Steam names no earlier or
// later end: its own seven days and one more.
const Hold = 192 * time.Hour

// settleMargin is added to the settlement time that Steam names.
const settleMargin = time.Hour

// Games are the apps whose inventories bots read.
var Games = []steam.AppID{steam.CS2, steam.Dota2, steam.Rust, steam.TF2}

// Agent works for one Steam account. Step may be called from several
// goroutines; the steps run one after another.
type Agent struct {
	client steam.Client
	trades *trade.Service
	fleet  *fleet.Service
	drifts *reconcile.Service
	log    *slog.Logger

	mu        sync.Mutex
	bot       fleet.Bot // as this step has read it
	loggedIn  bool
	acked     bool                         // Steam's rules accepted
	apart     bool                         // in quarantine: nothing is sent or confirmed
	restored  reconcile.Restoration        // while closed, Steam is only read
	slots     int64                        // offers that may be open at once
	free      int64                        // of them, in this step
	learnt    fleet.State                  // from refusals; empty: none
	skew      time.Duration                // Steam's clock minus ours, as seen last
	listed    time.Time                    // when offers were listed last
	wary      time.Time                    // until then they are listed in each step
	accepted  map[steam.OfferID]bool       // accepted offers of that list that were looked into
	stale     map[steam.AppID]bool         // inventories to read again
	doubted   map[steam.AppID]doubt        // inventories that are shown as empty
	held      map[steam.AppID]int          // items, those under protection included, as read last
	items     map[steam.AppID][]steam.Item // that this step has read
	read      time.Time                    // when they were all read last
	counted   map[steam.AppID]int          // items, as counted last
	tallied   bool                         // in this step
	countedAt time.Time
	lookAt    time.Time // when Steam and the records are compared next
	past      *past     // of the look that is under way
	history   walk
	strange   map[steam.OfferID]bool // offers without an intent that were told
	odd       []error                // of single trades, in this step
}

// NewAgent makes the agent of one bot.
func NewAgent(c steam.Client, b fleet.Bot, trades *trade.Service, f *fleet.Service, drifts *reconcile.Service, log *slog.Logger) *Agent {
	a := &Agent{client: c, trades: trades, fleet: f, drifts: drifts, acked: b.Acknowledged,
		stale: map[steam.AppID]bool{}, doubted: map[steam.AppID]doubt{}, held: map[steam.AppID]int{}, strange: map[steam.OfferID]bool{},
		log: log.With("bot", b.ID.String())}
	if b.Health == fleet.Cooldown { // refused sends teach it, and none follow while it lasts
		a.learnt = fleet.State{Health: b.Health, Note: b.Note, Until: b.Until}
	}
	for _, g := range Games {
		a.stale[g] = true
	}
	return a
}

// ID is the account.
func (a *Agent) ID() steam.ID64 { return a.client.ID() }

// Client is the account's way to Steam; it may be used beside the steps.
func (a *Agent) Client() steam.Client { return a.client }

// Step does what can be done now and reports whether anything moved. An error
// means that Steam or the database could not be used, or that some trades could
// not be worked on, which hold no others up; the next step goes on.
func (a *Agent) Step(ctx context.Context, now time.Time) (bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.bot, a.tallied, a.items, a.odd = fleet.Bot{}, false, map[steam.AppID][]steam.Item{}, nil
	moved, err := a.step(ctx, now)
	err = errors.Join(append(a.odd, err)...)
	a.report(ctx, err, now)
	if errors.Is(err, steam.ErrSession) {
		a.loggedIn = false
	}
	return moved, err
}

func (a *Agent) step(ctx context.Context, now time.Time) (bool, error) {
	b, err := a.fleet.Bot(ctx, a.ID())
	if err != nil {
		return false, err
	}
	a.bot = b
	if a.restored, err = a.drifts.Restored(ctx); err != nil {
		return false, err
	}
	a.apart, a.slots = b.Quarantined || a.restored.Closed(), b.Slots()
	if err := a.ready(ctx); err != nil {
		return false, err
	}
	live, err := a.trades.Open(ctx, a.ID())
	if err != nil {
		return false, err
	}
	if err := a.recoverSends(ctx, live, now); err != nil {
		return false, err
	}
	moved := false
	for _, work := range []func(context.Context, []trade.Trade, time.Time) (bool, error){a.sendWanted, a.pollOffers, a.followWords, a.checkAccepted} {
		did, err := work(ctx, live, now)
		if moved = moved || did; err != nil {
			return moved, err
		}
		if did { // versions moved on
			if live, err = a.trades.Open(ctx, a.ID()); err != nil {
				return moved, err
			}
		}
	}
	if err := a.readStale(ctx, now); err != nil {
		return moved, err
	}
	return moved, a.reconcile(ctx, live, now)
}

// maxOdd is how many trades of a step may fail by themselves: when more do,
// something else is wrong.
const maxOdd = 5

// alone keeps the error of one trade until the end of the step, so that the
// others are worked on. It returns one that stands in the way of all: also the
// second time that Steam did not answer.
func (a *Agent) alone(ctx context.Context, t trade.Trade, err error) error {
	silent := errors.Is(err, steam.ErrUnavailable) && errors.Is(errors.Join(a.odd...), steam.ErrUnavailable)
	if err == nil || silent || ctx.Err() != nil || errors.Is(err, steam.ErrSession) || errors.Is(err, steam.ErrRateLimited) || len(a.odd) == maxOdd {
		return err
	}
	a.odd = append(a.odd, fmt.Errorf("trade %d: %w", t.ID, err))
	return nil
}

// ready makes sure of a session and of Steam's acknowledgement.
func (a *Agent) ready(ctx context.Context) error {
	if !a.loggedIn {
		if err := a.client.Login(ctx); err != nil {
			return fmt.Errorf("log in: %w", err)
		}
		a.loggedIn = true
	}
	if a.acked || a.apart {
		return nil
	}
	if out := a.client.Acknowledge(ctx); out.Verdict != steam.Done {
		return fmt.Errorf("%w: %s %s", unacknowledged(out), out.Refusal, out.Detail)
	}
	a.acked = true
	return a.fleet.KeepAcknowledged(ctx, a.ID())
}

// recoverSends puts sends without a stored answer to unknown: they may have
// happened. Steps of an agent do not overlap, so at the start of one such a row
// was left by a process that died or by a database that could not be written.
func (a *Agent) recoverSends(ctx context.Context, live []trade.Trade, now time.Time) error {
	for i, t := range live {
		if t.State != trade.Sending {
			continue
		}
		next, err := a.trades.Move(ctx, t, trade.Unknown, trade.Change{Reason: "no answer was stored", DueAt: now}, now)
		if err != nil {
			return err
		}
		live[i] = next
	}
	return nil
}

// move is [trade.Service.Move] that takes "somebody was faster" for done.
func (a *Agent) move(ctx context.Context, t trade.Trade, to trade.State, c trade.Change, now time.Time) (bool, error) {
	_, err := a.trades.Move(ctx, t, to, c, now)
	if errors.Is(err, fault.WrongState) {
		a.log.InfoContext(ctx, "move was not made", "trade", t.ID, "to", to, "why", err)
		return false, nil
	}
	if err == nil {
		a.log.InfoContext(ctx, "trade moved", "trade", t.ID, "owner", t.Owner, "from", t.State, "to", to, "reason", c.Reason)
	}
	return err == nil, err
}

// moveOn makes two moves in a row, such as accepted and settled.
func (a *Agent) moveOn(ctx context.Context, t trade.Trade, now time.Time, first, then trade.State, c trade.Change) (bool, error) {
	next, err := a.trades.Move(ctx, t, first, c, now)
	if errors.Is(err, fault.WrongState) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return a.move(ctx, next, then, trade.Change{}, now)
}

// reread is how often all inventories are read again although nothing moved, but
// for those of games of which there is nothing and was nothing. How many items
// there are is asked as often as offers are listed: one page for all games, which
// shows what came or went by hand.
const reread = 10 * time.Minute

// readStale reads the inventories whose items may have changed.
func (a *Agent) readStale(ctx context.Context, now time.Time) error {
	all := now.Sub(a.read) >= reread
	if all {
		a.read = now
	}
	if err := a.count(ctx, now); err != nil {
		return err
	}
	for _, g := range Games {
		a.stale[g] = a.stale[g] || all && !a.without(g)
		if !a.stale[g] || now.Before(a.doubted[g].again) {
			continue
		}
		read, err := a.readInventory(ctx, g, now)
		if err != nil {
			return err
		}
		a.stale[g] = !read
	}
	return nil
}

// without reports whether the bot holds nothing of a game, neither by the count of
// this step nor when it was read last.
func (a *Agent) without(g steam.AppID) bool {
	held, read := a.held[g]
	return read && held == 0 && a.tallied && a.counted[g] == 0
}

// count marks inventories for reading whose number of items is neither what was
// read last nor what was counted last: both views can differ for long. A page
// that cannot be read is no reason to stop: all are read again in a while.
func (a *Agent) count(ctx context.Context, now time.Time) error {
	if now.Sub(a.countedAt) < idlePoll {
		return nil
	}
	a.countedAt = now
	counts, err := a.client.Counts(ctx)
	if errors.Is(err, steam.ErrSession) || errors.Is(err, steam.ErrRateLimited) {
		return fmt.Errorf("count own items: %w", err)
	}
	if err != nil {
		a.log.WarnContext(ctx, "own items are not counted", "err", err)
		return nil
	}
	for _, g := range Games {
		if n := counts[g]; n != a.held[g] && n != a.counted[g] {
			a.stale[g] = true
		}
	}
	a.counted, a.tallied = counts, true
	return nil
}

// doubt is an inventory that Steam shows as empty though something was there.
type doubt struct{ since, again time.Time }

// Steam shows full inventories as empty at times, for minutes: that is believed
// after a while. Until then what is gone only fails to be offered.
const (
	emptyFor   = 10 * time.Minute
	emptyPause = time.Minute
)

// readInventory reads one game's items; false when what Steam shows is doubted.
func (a *Agent) readInventory(ctx context.Context, g steam.AppID, now time.Time) (bool, error) {
	items, err := a.client.Inventory(ctx, a.ID(), g, steam.ContextMain)
	if err != nil {
		return false, fmt.Errorf("read own inventory of %d: %w", g, err)
	}
	if len(items) == 0 {
		held, err := a.fleet.Held(ctx, a.ID(), g)
		if err != nil {
			return false, err
		}
		d := a.doubted[g]
		if d.since.IsZero() {
			d.since = now
		}
		if held > 0 && now.Sub(d.since) < emptyFor {
			a.log.WarnContext(ctx, "own inventory is shown as empty", "app", g, "held", held)
			a.doubted[g] = doubt{since: d.since, again: now.Add(emptyPause)}
			return false, nil
		}
	}
	delete(a.doubted, g)
	sealed, err := a.readSealed(ctx, g)
	if err != nil {
		return false, err
	}
	a.held[g], a.items[g] = len(items)+sealed, items
	return true, a.fleet.SyncItems(ctx, a.ID(), g, steam.ContextMain, items, now)
}

// readSealed counts a game's items under protection: they take room.
func (a *Agent) readSealed(ctx context.Context, g steam.AppID) (int, error) {
	protected, err := a.fleet.Protected(ctx, g)
	if err != nil || !protected {
		return 0, err
	}
	items, err := a.client.Inventory(ctx, a.ID(), g, steam.ContextProtected)
	if err != nil {
		return 0, fmt.Errorf("read own protected items of %d: %w", g, err)
	}
	return len(items), a.fleet.CountItems(ctx, a.ID(), g, steam.ContextProtected, items)
}

// touch marks the inventories of a trade's items for reading.
func (a *Agent) touch(t trade.Trade) {
	for _, it := range t.Assets {
		a.stale[it.App] = true
	}
}
