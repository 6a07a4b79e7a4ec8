package steamtest

import (
	"errors"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
)

const week = 7 * 24 * time.Hour

func accepting(r *room) {
	want := r.asset(r.Partner, r.Protected, 2)
	id := r.ask("reference A-1", want)
	r.Accept(id)
	t := r.trade(id)
	if t.Partner != r.Partner || t.Status != steam.TradeComplete || len(t.Received) != 1 || len(t.Given) != 0 || t.Rollback != "" {
		r.Fatalf("trade = %+v", t)
	}
	got := t.Received[0]
	if got.Asset != want || got.NewID == "" || got.NewID == want.ID || got.NewContext != steam.ContextProtected {
		r.Errorf("received = %+v; want the old asset and its new id in context 16", got)
	}
	if t.Init.After(r.Now()) || t.Settlement.Before(t.Init.Add(week)) || t.Settlement.After(t.Init.Add(week+time.Hour)) {
		r.Errorf("trade made %s settles %s; want a week later, at most an hour more", t.Init, t.Settlement)
	}
	item, ok := has(r.inventory(r.Bot, r.Protected, steam.ContextProtected), got.NewID)
	if !ok || !item.Sealed || item.Tradable {
		r.Errorf("the item in context 16 = %+v, %v; want it sealed and not tradable", item, ok)
	}
	if _, ok := has(r.inventory(r.Partner, r.Protected, steam.ContextMain), want.ID); ok {
		r.Error("the partner still has what he gave")
	}
	if _, err := r.bot.Trade(r.Context(), "1"); !errors.Is(err, steam.ErrNotFound) {
		r.Errorf("unknown trade: %v; want ErrNotFound", err)
	}
}

func settling(r *room) {
	id := r.ask("reference S-1", r.asset(r.Partner, r.Protected, 0))
	r.Accept(id)
	class := r.trade(id).Received[0].ClassID
	before := len(r.inventory(r.Bot, r.Protected, steam.ContextMain))
	r.Advance(week + time.Hour)
	t := r.trade(id)
	if t.Status != steam.TradeComplete || t.Settlement.After(r.Now()) {
		r.Errorf("trade = %+v at %s; want it complete and settled", t, r.Now())
	}
	if items := r.inventory(r.Bot, r.Protected, steam.ContextProtected); len(items) != 0 {
		r.Errorf("%d items still protected", len(items))
	}
	items := r.inventory(r.Bot, r.Protected, steam.ContextMain)
	settled := 0
	for _, it := range items {
		if it.ClassID == class && it.Tradable && !it.Sealed {
			settled++
		}
	}
	if len(items) != before+1 || settled == 0 {
		r.Errorf("%d items after settlement, %d before; want the settled one among them", len(items), before)
	}
}

func unprotected(r *room) {
	id := r.ask("reference U-1", r.asset(r.Partner, r.Free, 0))
	r.Accept(id)
	t := r.trade(id)
	if t.Status != steam.TradeComplete || !t.Settlement.IsZero() {
		r.Errorf("trade = %+v; want it complete without a settlement", t)
	}
	got := t.Received[0]
	item, ok := has(r.inventory(r.Bot, r.Free, steam.ContextMain), got.NewID)
	if got.NewContext != steam.ContextMain || !ok || !item.Tradable {
		r.Errorf("received = %+v, item %+v; want it tradable in context 2", got, item)
	}
}

func reversing(r *room) {
	id := r.ask("reference V-1", r.asset(r.Partner, r.Protected, 0))
	r.Accept(id)
	first := r.trade(id)
	r.Advance(3 * 24 * time.Hour)
	r.Reverse(first.ID)
	t := r.trade(id) // the offer stays accepted
	if t.Status != steam.TradeProtectionRollback {
		r.Errorf("trade's status is %d; want 12", t.Status)
	}
	trades, err := r.bot.Trades(r.Context(), time.Time{}, 10)
	r.must("trades", err)
	if len(trades) != 2 || trades[1].ID != first.ID {
		r.Fatalf("history = %+v; want the trade and its return", trades)
	}
	back := trades[0]
	if back.Rollback != first.ID || back.Status != steam.TradeComplete || len(back.Given) != 1 || len(back.Received) != 0 {
		r.Fatalf("returning trade = %+v", back)
	}
	if it := back.Given[0]; it.ID != first.Received[0].NewID || it.Context != steam.ContextProtected || it.NewContext != steam.ContextMain {
		r.Errorf("returned item = %+v; want the protected one, back in context 2", it)
	}
	if items := r.inventory(r.Bot, r.Protected, steam.ContextProtected); len(items) != 0 {
		r.Errorf("%d protected items after the reversal", len(items))
	}
}

func underway(r *room) {
	r.TradeSteps(10 * time.Minute)
	want := r.asset(r.Partner, r.Protected, 0)
	id := r.ask("reference W-1", want)
	r.Accept(id)
	for _, status := range []steam.TradeStatus{steam.TradeInit, steam.TradePreCommitted, steam.TradeCommitted, steam.TradeComplete} {
		t := r.trade(id)
		arrived := status >= steam.TradeCommitted
		if t.Status != status || len(t.Received) != 1 || t.Received[0].Asset != want || (t.Received[0].NewID != "") != arrived || t.Settlement.IsZero() == arrived {
			r.Errorf("trade = %+v; want status %d, arrived %v", t, status, arrived)
		}
		if n := len(r.inventory(r.Bot, r.Protected, steam.ContextProtected)); (n == 1) != arrived {
			r.Errorf("status %d: %d items are here", status, n)
		}
		listed, err := r.bot.Trades(r.Context(), time.Time{}, 10)
		r.must("trades", err)
		if len(listed) != 1 || listed[0].Status != status {
			r.Errorf("history = %+v; want status %d", listed, status)
		}
		r.Advance(10 * time.Minute)
	}
}

func unnoticed(r *room) {
	r.Unnoticed(time.Hour)
	item := r.asset(r.Partner, r.Protected, 0)
	first, second, third := r.ask("reference N-1", item), r.ask("reference N-2", item), r.ask("reference N-3", item)
	r.Accept(first)
	list, err := r.bot.Offers(r.Context(), time.Time{})
	r.must("offers", err)
	if len(list.Sent) != 2 {
		r.Fatalf("%d open offers; want the two whose item is gone", len(list.Sent))
	}
	for _, o := range list.Sent {
		if o.State != steam.OfferActive || !o.Receive[0].Missing {
			r.Errorf("offer = %+v; want it open, its item missing", o)
		}
	}
	r.wantState(second, steam.OfferInvalidItems) // reading it is noticed
	r.Advance(time.Hour)
	if list, err = r.bot.Offers(r.Context(), time.Time{}); err != nil || len(list.Sent) != 0 {
		r.Errorf("%d open offers after an hour, %v", len(list.Sent), err)
	}
	r.wantState(third, steam.OfferInvalidItems)
	if out := r.bot.Cancel(r.Context(), third); out.Verdict != steam.Refused || out.Refusal != steam.RefusedState {
		r.Errorf("cancel = %+v; want refused for its state", out)
	}
}

func history(r *room) {
	var ids []steam.TradeID
	for range 4 {
		id := r.ask("reference H", r.asset(r.Partner, r.Protected, 0))
		r.Accept(id)
		ids = append(ids, r.trade(id).ID)
		r.Advance(time.Minute)
	}
	all, err := r.bot.Trades(r.Context(), time.Time{}, 10)
	r.must("trades", err)
	if len(all) != 4 {
		r.Fatalf("%d trades; want 4", len(all))
	}
	for i, t := range all {
		if t.ID != ids[3-i] {
			r.Errorf("trade %d is %s; want %s: newest first", i, t.ID, ids[3-i])
		}
	}
	newest, err := r.bot.Trades(r.Context(), time.Time{}, 2)
	r.must("trades", err)
	older, err := r.bot.Trades(r.Context(), all[1].Init, 10)
	r.must("trades", err)
	if len(newest) != 2 || newest[0].ID != ids[3] || len(older) != 2 || older[0].ID != ids[1] || older[1].ID != ids[0] {
		r.Errorf("newest two = %+v, older = %+v", newest, older)
	}
	var after []steam.TradeID
	r.must("history", r.bot.History(r.Context(), all[2], func(page []steam.Trade) bool {
		for _, t := range page {
			after = append(after, t.ID)
		}
		return true
	}))
	if len(after) != 1 || after[0] != ids[0] {
		r.Errorf("after %s the history has %v; want %s", all[2].ID, after, ids[0])
	}
}
