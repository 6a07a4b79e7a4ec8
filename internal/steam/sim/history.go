package sim

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
)

type tradeView struct {
	ID         string            `json:"tradeid"`
	Other      string            `json:"steamid_other"`
	Init       int64             `json:"time_init"`
	Mod        int64             `json:"time_mod"`
	EscrowEnd  int64             `json:"time_escrow_end,omitempty"`
	Settlement int64             `json:"time_settlement,omitempty"`
	Status     steam.TradeStatus `json:"status"`
	Rollback   string            `json:"rollback_trade,omitempty"`
	Received   []tradeAsset      `json:"assets_received,omitempty"`
	Given      []tradeAsset      `json:"assets_given,omitempty"`
}

type tradeAsset struct {
	asset
	NewID       string `json:"new_assetid,omitempty"`
	NewContext  string `json:"new_contextid,omitempty"`
	BackID      string `json:"rollback_new_assetid,omitempty"`
	BackContext string `json:"rollback_new_contextid,omitempty"`
}

// view is the trade as the account sees it. A reversed trade no longer tells
// when it would have settled.
func (t *trade) view(me *account) tradeView {
	v := tradeView{ID: decimal(t.ID), Init: t.Init.seconds(), Mod: t.Mod.seconds(), Status: t.Status}
	given, received, other := t.FromA, t.FromB, t.B
	if t.A != me.SteamID {
		given, received, other = t.FromB, t.FromA, t.A
	}
	v.Other, v.Given, v.Received = other.String(), tradeAssets(given), tradeAssets(received)
	if t.EscrowEnd > 0 {
		v.EscrowEnd = t.EscrowEnd.seconds()
	}
	if t.Settlement > 0 && (t.Status == steam.TradeComplete || t.Status == steam.TradeCommitted) {
		v.Settlement = t.Settlement.seconds()
	}
	if t.Rollback != 0 {
		v.Rollback = decimal(t.Rollback)
	}
	return v
}

func tradeAssets(list []moved) []tradeAsset {
	out := make([]tradeAsset, 0, len(list))
	for _, m := range list {
		a := tradeAsset{asset: m.asset(), NewContext: m.NewContext, BackContext: m.BackContext}
		if m.NewID != 0 {
			a.NewID = decimal(m.NewID)
		}
		if m.BackID != 0 {
			a.BackID = decimal(m.BackID)
		}
		out = append(out, a)
	}
	return out
}

// asOf is the trade as a late reader of that time saw it; it existed then.
func (t *trade) asOf(at stamp) *trade {
	past := *t
	began := max(past.Init, past.EscrowEnd)
	if past.Mod > at && past.Status == steam.TradeProtectionRollback {
		past.Status, past.Mod = steam.TradeComplete, began.add(3*past.Step)
	}
	if past.Mod > at && past.Step > 0 && at >= began {
		n := min((at-began)/stamp(0).add(past.Step), stamp(steam.TradeCommitted))
		past.Status, past.Mod = steam.TradeStatus(n), began.add(Duration(n)*past.Step)
		if past.Status != steam.TradeCommitted {
			past.FromA, past.FromB = waiting(past.FromA), waiting(past.FromB)
		}
	}
	if past.Mod > at && past.EscrowEnd > 0 {
		past.Status, past.Mod, past.Settlement = steam.TradeInEscrow, past.Init, 0
		past.FromA, past.FromB = waiting(past.FromA), waiting(past.FromB)
	}
	return &past
}

// waiting are the assets before anything became of them.
func waiting(list []moved) []moved {
	var out []moved
	for _, m := range list {
		out = append(out, moved{ref: m.ref, Birth: m.Birth})
	}
	return out
}

func (t *trade) of(me *account) bool { return t != nil && (t.A == me.SteamID || t.B == me.SteamID) }

func (q *call) oneTrade() (reply, error) {
	me, byKey := q.bearer()
	switch {
	case me == nil:
		return apiDenied(), nil
	case byKey:
		return api(struct{}{}), nil
	}
	id, _ := strconv.ParseUint(q.r.FormValue("tradeid"), 10, 64) // 0 is no trade
	t := q.sim.state.trades[id]
	if !t.of(me) || t.Init > q.at-q.late {
		return apiFailure(steam.ResultNoMatch), nil
	}
	out := map[string]any{"trades": []tradeView{t.asOf(q.at - q.late).view(me)}}
	if q.described() {
		out["descriptions"] = q.tradeDescriptions([]*trade{t})
	}
	return api(out), nil
}

func (q *call) tradeDescriptions(list []*trade) []description {
	var refs []ref
	for _, t := range list {
		for _, m := range slices.Concat(t.FromA, t.FromB) {
			refs = append(refs, m.ref)
		}
	}
	return q.sim.state.descriptions(refs)
}

// maxHistory is what one answer of GetTradeHistory holds.
const maxHistory = 100

func (q *call) tradeHistory() (reply, error) {
	me, byKey := q.bearer()
	switch {
	case me == nil:
		return apiDenied(), nil
	case byKey:
		return api(struct{}{}), nil
	}
	n := int(q.integer("max_trades"))
	if most := q.sim.state.limit(limitHistory); n <= 0 || n > most {
		n = most
	}
	known := q.shownTrades(me)
	list, more := q.chosenTrades(known, n)
	views := make([]tradeView, 0, len(list))
	for _, t := range list {
		views = append(views, t.asOf(q.at-q.late).view(me))
	}
	out := map[string]any{"trades": views, "more": more}
	if q.truth("include_total") {
		out["total_trades"] = len(known)
	}
	if q.described() && len(list) > 0 {
		out["descriptions"] = q.tradeDescriptions(list)
	}
	return api(out), nil
}

// shownTrades are the trades that the account can know of, oldest first;
// without include_failed those that did not happen are left out.
func (q *call) shownTrades(me *account) []*trade {
	failed := q.truth("include_failed")
	if failed && q.late == 0 {
		return me.trades
	}
	var list []*trade
	for _, t := range me.trades {
		if t.Init <= q.at-q.late && (failed || t.Status != steam.TradeFailed && t.Status != steam.TradeEscrowRollback) {
			list = append(list, t)
		}
	}
	return list
}

// chosenTrades pages through the account's trades newest first; backwards, the
// page holds the trades just newer than the given one.
func (q *call) chosenTrades(list []*trade, n int) ([]*trade, bool) {
	end := len(list)
	after, id := q.integer("start_after_time"), q.r.FormValue("start_after_tradeid")
	if after > 0 {
		end = tradesUntil(list, after, id)
	}
	if q.truth("navigating_back") && after > 0 {
		from := end
		for from < len(list) && (decimal(list[from].ID) == id) {
			from++
		}
		to := min(len(list), from+n)
		page := slices.Clone(list[from:to])
		slices.Reverse(page)
		return page, to < len(list)
	}
	from := max(0, end-n)
	page := slices.Clone(list[from:end])
	slices.Reverse(page)
	return page, from > 0
}

// tradesUntil is the place in the list below which everything is older than the
// trade of that second and id.
func tradesUntil(list []*trade, second int64, id string) int {
	i, _ := slices.BinarySearchFunc(list, second, func(t *trade, s int64) int { return cmp.Compare(t.Init.seconds(), s) })
	for j := i; j < len(list) && list[j].Init.seconds() == second; j++ {
		if decimal(list[j].ID) == id {
			return j
		}
	}
	return i
}

func (q *call) holdDurations() (reply, error) {
	me, byKey := q.bearer()
	switch {
	case me == nil:
		return apiDenied(), nil
	case byKey:
		return api(struct{}{}), nil
	}
	target := q.account64(q.r.FormValue("steamid_target"))
	if target == nil || q.r.FormValue("trade_offer_access_token") != target.TradeToken && !q.sim.state.knows(me, target) {
		return apiFailure(steam.ResultAccessDenied), nil
	}
	return api(map[string]any{
		"my_escrow": q.escrow(me.hold(target)), "their_escrow": q.escrow(target.hold(me)),
		"both_escrow": q.escrow(max(me.hold(target), target.hold(me))),
	}), nil
}

// hold is for how many days is held what the account gives to the other.
func (a *account) hold(other *account) int {
	if friends(a, other) {
		return min(a.EscrowDays, 1)
	}
	return a.EscrowDays
}

func (q *call) escrow(days int) map[string]any {
	out := map[string]any{"escrow_end_duration_seconds": days * 86400}
	if days > 0 {
		end := q.at.addDays(days)
		out["escrow_end_date"] = end.seconds()
		out["escrow_end_date_rfc3339"] = end.time().Truncate(time.Second).Format(time.RFC3339)
	}
	return out
}
