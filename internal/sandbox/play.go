package sandbox

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/steam"
)

// playTime is how long playing a payer may take.
const playTime = 30 * time.Second

// glance is how often a deposit is looked at while it moves.
const glance = 20 * time.Millisecond

// game is one deposit being played.
type game struct {
	*Door
	id        int64
	outcome   string
	protected bool // items that are held
	steamID   steam.ID64
	maxItems  int
}

// play brings an existing deposit to an outcome by playing its payer.
func (d *Door) play(r *http.Request) (any, error) {
	g := &game{Door: d, outcome: r.PathValue("outcome")}
	var err error
	if g.id, err = strconv.ParseInt(r.PathValue("id"), 10, 64); err != nil || g.id <= 0 {
		return nil, fault.New(fault.NotFound, "no deposit %q", r.PathValue("id"))
	}
	if err := g.options(r.URL.Query()); err != nil {
		return nil, err
	}
	steps := map[string]func(context.Context) error{"in_hold": g.hold, "success": g.succeed, "fail": g.fail,
		"expire": g.expire, "reversed": g.reverse}[g.outcome]
	if steps == nil {
		return nil, fault.New(fault.NotFound, "outcome %q: want in_hold, success, fail, expire or reversed", g.outcome)
	}
	g.protected = g.outcome == "in_hold" || g.outcome == "reversed"
	ctx, cancel := context.WithTimeout(r.Context(), playTime)
	defer cancel()
	if err := steps(ctx); err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return nil, fault.New(fault.WrongState, "deposit %d did not get to %s in %s", g.id, g.outcome, playTime)
		}
		return nil, err
	}
	dep, err := d.Deposits.ByID(ctx, g.id)
	if err != nil {
		return nil, err
	}
	return shown(dep), nil
}

func (g *game) options(q url.Values) (err error) {
	if s := q.Get("steam_id"); s != "" {
		if g.steamID, err = steam.ParseID64(s); err != nil {
			return fault.New(fault.InvalidRequest, "steam_id: %v", err)
		}
	}
	g.maxItems = deposit.MaxItems
	if s := q.Get("max_items"); s != "" {
		if g.maxItems, err = strconv.Atoi(s); err != nil || g.maxItems < 1 || g.maxItems > deposit.MaxItems {
			return fault.New(fault.InvalidRequest, "max_items: %q: want 1 to %d", s, deposit.MaxItems)
		}
	}
	return nil
}

func (g *game) hold(ctx context.Context) error {
	if err := g.accept(ctx); err != nil {
		return err
	}
	return g.reach(ctx, deposit.Held, deposit.Approved)
}

func (g *game) succeed(ctx context.Context) error {
	if err := g.accept(ctx); err != nil {
		return err
	}
	if err := g.reach(ctx, deposit.Held, deposit.Approved, deposit.Credited); err != nil {
		return err
	}
	d, err := g.Deposits.ByID(ctx, g.id)
	if err != nil || d.State == deposit.Credited {
		return err
	}
	if now := g.Clock.Now(); d.HoldUntil.After(now) {
		if err := g.Clock.Advance(ctx, d.HoldUntil); err != nil {
			return err
		}
	}
	return g.reach(ctx, deposit.Credited)
}

// reading is how long a payer looks at an offer: who declines faster is taken
// for a program in his account.
const reading = 5 * time.Second

func (g *game) fail(ctx context.Context) error {
	d, err := g.offered(ctx)
	if err != nil {
		return err
	}
	if d.State == deposit.Failed {
		return nil
	}
	if read := d.OfferAt.Add(reading); read.After(g.Clock.Now()) {
		if err := g.Clock.Advance(ctx, read); err != nil {
			return err
		}
	}
	if _, err := g.steam(ctx, http.MethodPost, "/sim/offers/"+string(d.OfferID)+"/decline", nil); err != nil {
		return refusedTo("decline", err)
	}
	return g.reach(ctx, deposit.Failed)
}

func (g *game) expire(ctx context.Context) error {
	d, err := g.Deposits.ByID(ctx, g.id)
	if err != nil {
		return err
	}
	if d.State == deposit.Failed && d.Reason == deposit.ReasonExpired {
		return nil
	}
	if d.State != deposit.Open {
		return fault.New(fault.WrongState, "the deposit is %s: only an open link expires", d.State)
	}
	if err := g.Clock.Advance(ctx, d.ExpiresAt); err != nil {
		return err
	}
	return g.reach(ctx, deposit.Failed)
}

func (g *game) reverse(ctx context.Context) error {
	if err := g.hold(ctx); err != nil {
		return err
	}
	d, err := g.Deposits.ByID(ctx, g.id)
	if err != nil {
		return err
	}
	t, err := g.Trades.ByID(ctx, d.TradeID)
	if err != nil {
		return err
	}
	path := "/sim/trades/" + string(t.SteamTrade) + "/reverse?by=" + d.SteamID.String()
	if _, err := g.steam(ctx, http.MethodPost, path, nil); err != nil {
		return refusedTo("reverse", err)
	}
	return g.reach(ctx, deposit.Failed, deposit.Returned)
}

// refusedTo says which of the payer's moves Steam did not take.
func refusedTo(what string, err error) error {
	if f, ok := errors.AsType[failed](err); ok {
		_, detail := fault.Of(f.fault())
		return fault.New(fault.WrongState, "the payer cannot %s: %s", what, cmp.Or(detail, string(f.body)))
	}
	return err
}

// accept makes the payer accept the offer, choosing first if nothing is chosen
// yet. An offer that his behaviour has answered already is taken as it is.
func (g *game) accept(ctx context.Context) error {
	d, err := g.offered(ctx)
	if err != nil || d.State != deposit.Trading {
		return err
	}
	_, err = g.steam(ctx, http.MethodPost, "/sim/offers/"+string(d.OfferID)+"/accept", nil)
	if f, ok := errors.AsType[failed](err); ok && f.status == http.StatusConflict {
		return nil // answered: whichever way, the deposit shows it
	}
	return refusedTo("accept", err)
}

// offered brings the deposit to where its offer is with the payer.
func (g *game) offered(ctx context.Context) (deposit.Deposit, error) {
	d, err := g.Deposits.ByID(ctx, g.id)
	if err != nil || d.State != deposit.Open {
		return g.sent(ctx)
	}
	sent, err := g.choose(ctx, d)
	if err != nil {
		g.leave(context.WithoutCancel(ctx), d)
	}
	return sent, err
}

// sent waits until the offer is with the payer. One that Steam refused leaves
// the deposit open.
func (g *game) sent(ctx context.Context) (d deposit.Deposit, err error) {
	err = g.until(ctx, func(now deposit.Deposit) (bool, error) {
		d = now
		if now.State == deposit.Open {
			return false, fault.New(fault.WrongState, "Steam did not take the offer: %s", now.Reason)
		}
		return now.State != deposit.Trading || now.OfferID != "", nil
	})
	return d, err
}

// reach waits for one of the states and fails when the deposit ends elsewhere.
func (g *game) reach(ctx context.Context, states ...deposit.State) error {
	return g.until(ctx, func(d deposit.Deposit) (bool, error) {
		if slices.Contains(states, d.State) {
			return true, nil
		}
		if d.State.Ended() || (d.State == deposit.Held && slices.Contains(states, deposit.Failed) && g.outcome == "fail") {
			return false, fault.New(fault.WrongState, "the deposit is %s (%s), it cannot become %s any more", d.State, d.Reason, g.outcome)
		}
		return false, nil
	})
}

func (g *game) until(ctx context.Context, holds func(deposit.Deposit) (bool, error)) error {
	for {
		d, err := g.Deposits.ByID(ctx, g.id)
		if err != nil {
			return err
		}
		if ok, err := holds(d); ok || err != nil {
			return err
		}
		g.Kick()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(glance):
		}
	}
}

// choose does on the payment page what a payer does there, and waits for the
// offer. Where no payer is named, one that cannot pay makes room for the next.
func (g *game) choose(ctx context.Context, d deposit.Deposit) (deposit.Deposit, error) {
	w, err := g.steamNow(ctx)
	if err != nil {
		return d, err
	}
	why := fault.New(fault.WrongState, "no payer has items for this deposit")
	for _, a := range g.candidates(w, d) {
		err := g.chooseAs(ctx, d, a)
		var sent deposit.Deposit
		if err == nil {
			g.Kick()
			sent, err = g.sent(ctx)
		}
		if err == nil {
			return sent, nil
		}
		code, detail := fault.Of(err)
		if code == fault.Internal {
			return d, err
		}
		why = fault.New(fault.WrongState, "payer %s cannot pay: %s", a.SteamID, detail)
	}
	return d, why
}

// leave gives the deposit back the payer it had. It is not open any more when
// this fails, and then it keeps who is paying.
func (g *game) leave(ctx context.Context, d deposit.Deposit) {
	now, err := g.Deposits.ByHash(ctx, d.Hash)
	if err != nil || now.SteamID == d.SteamID {
		return
	}
	if _, err := g.Deposits.SetPayer(ctx, d.Hash, d.SteamID); err == nil && d.TradeToken != "" {
		_, _ = g.Deposits.SetTradeURL(ctx, d.Hash, steam.TradeURL{Partner: d.SteamID, Token: d.TradeToken})
	}
}

// candidates are the payers to try: the one that is named, or anybody.
func (g *game) candidates(w steamWorld, d deposit.Deposit) []steamAccount {
	named := cmp.Or(g.steamID, d.SteamID)
	bots := map[string]bool{}
	for _, a := range g.World.Accounts {
		bots[a.SteamID] = a.Role == "bot"
	}
	var all []steamAccount
	for _, a := range w.Accounts {
		switch {
		case named != 0 && a.SteamID != named, bots[a.SteamID.String()]:
		case named == 0 && (a.InventoryPrivate || a.TradeBan || a.EscrowDays > 0 || a.CannotTrade || a.Behaviour == AcceptThenReverse):
		default:
			all = append(all, a)
		}
	}
	return all
}

func (g *game) chooseAs(ctx context.Context, d deposit.Deposit, a steamAccount) error {
	if d.SteamID != a.SteamID {
		if _, err := g.Deposits.SetPayer(ctx, d.Hash, a.SteamID); err != nil {
			return err
		}
	}
	if _, err := g.Deposits.SetTradeURL(ctx, d.Hash, steam.TradeURL{Partner: a.SteamID, Token: a.TradeToken}); err != nil {
		return err
	}
	why := fault.New(fault.WrongState, "no items that fit")
	for _, name := range []string{"cs2", "rust", "dota2", "tf2"} {
		protected, err := g.Fleet.Protected(ctx, games[name])
		if err != nil {
			return err
		}
		if g.protected && !protected {
			continue
		}
		q, err := g.Deposits.Inventory(ctx, d.Hash, games[name], g.Clock.Now())
		if err != nil {
			return err
		}
		err = g.chooseFrom(ctx, d, q)
		if err == nil {
			return nil
		}
		if code, detail := fault.Of(err); code != fault.Internal {
			why = fault.New(fault.WrongState, "%s", detail)
			continue
		}
		return err
	}
	return why
}

// chooseFrom takes one item, or as many as the deposit's least amount needs:
// the dearest first when one is not enough.
func (g *game) chooseFrom(ctx context.Context, d deposit.Deposit, q deposit.Quote) error {
	var free []deposit.QuoteItem
	for _, it := range q.Items {
		if it.Disabled == "" {
			free = append(free, it)
		}
	}
	slices.SortStableFunc(free, func(a, b deposit.QuoteItem) int { return cmp.Compare(b.Price, a.Price) })
	var last error = fault.New(fault.WrongState, "no items that can be chosen")
	for i, it := range free { // one item, the dearest that the limits allow
		if i > 0 && it.Price == free[i-1].Price {
			continue // refused already
		}
		if _, last = g.Deposits.Choose(ctx, d.Hash, q.ID, []string{it.ID}, g.Clock.Now()); last == nil || !errors.Is(last, fault.InvalidRequest) {
			return last
		}
	}
	var ids []string
	for _, it := range free[:min(len(free), g.maxItems)] {
		ids = append(ids, it.ID)
		if _, last = g.Deposits.Choose(ctx, d.Hash, q.ID, ids, g.Clock.Now()); last == nil || !errors.Is(last, fault.InvalidRequest) {
			return last
		}
	}
	return last
}

// shown is a deposit as the control shows it.
func shown(d deposit.Deposit) map[string]any {
	out := map[string]any{"transaction_id": strconv.FormatInt(d.ID, 10), "order_id": d.OrderID, "state": d.State,
		"status": map[deposit.State]string{deposit.Open: "pending", deposit.Trading: "pending", deposit.Held: "in_hold",
			deposit.Approved: "hold_approved", deposit.Credited: "success", deposit.Failed: "fail",
			deposit.Returned: "hold_returned"}[d.State],
		"amount": d.Amount.String(), "user_amount": d.UserAmount.String(), "reason": d.Reason,
		"trade_offer_id": string(d.OfferID), "items": len(d.Items)}
	if d.SteamID != 0 {
		out["steam_id"] = d.SteamID.String()
	}
	if !d.HoldUntil.IsZero() {
		out["hold_until"] = d.HoldUntil.Format(time.RFC3339)
	}
	return out
}
