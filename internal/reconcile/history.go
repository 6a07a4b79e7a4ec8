package reconcile

import (
	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

func (c *comparison) trades(k Kept, s Shown) {
	ours := map[steam.TradeID]trade.Trade{}
	for _, t := range k.Trades {
		if t.SteamTrade != "" {
			ours[t.SteamTrade] = t
		}
	}
	shown := map[steam.TradeID]bool{}
	for _, r := range s.Trades {
		shown[r.ID] = true
		t, known := ours[r.ID]
		switch {
		case known:
			c.trade(t, r)
		case r.Rollback != "":
			if t, known := ours[r.Rollback]; known && counts(t.State) {
				c.add(TradeReturned, string(r.Rollback), "by trade %s, order %s is %s", r.ID, t.Owner, t.State)
			}
		case moved(r.Status) && !c.late[r.ID] && len(r.Given)+len(r.Received) > 0:
			c.add(TradeUnknown, string(r.ID), "with %s, %d items given, %d received", r.Partner, len(r.Given), len(r.Received))
		}
	}
	for id, t := range ours {
		if !shown[id] && t.AcceptedAt.After(s.From) {
			c.add(TradeMissing, string(id), "order %s is %s", t.Owner, t.State)
		}
	}
}

// counts is a trade whose items are taken for moved.
func counts(s trade.State) bool { return s == trade.Accepted || s == trade.Settled }

func moved(s steam.TradeStatus) bool { return s == steam.TradeComplete || s == steam.TradeCommitted }

func undone(s steam.TradeStatus) bool {
	return s == steam.TradeFailed || s == steam.TradeEscrowRollback || s == steam.TradeProtectionRollback
}

func (c *comparison) trade(t trade.Trade, r steam.Trade) {
	id := string(r.ID)
	if r.Partner != t.Partner {
		c.add(TradePartner, id, "with %s, order %s is with %s", r.Partner, t.Owner, t.Partner)
	}
	switch {
	case counts(t.State) && undone(r.Status):
		c.add(TradeUndone, id, "status %d, order %s is %s", r.Status, t.Owner, t.State)
	case (t.State == trade.Reversed || t.State == trade.Failed) && moved(r.Status):
		c.add(TradeKept, id, "status %d, order %s is %s", r.Status, t.Owner, t.State)
	}
	mine, other := r.Received, r.Given
	if t.Direction == trade.Give {
		mine, other = r.Given, r.Received
	}
	now := map[steam.Asset]steam.TradeItem{}
	for _, it := range mine {
		now[it.Asset] = it
	}
	same, ids := len(mine) == len(t.Assets) && len(other) == 0, true
	for _, a := range t.Assets {
		it, ok := now[a.Asset]
		same = same && ok
		ids = ids && (!ok || (it.NewID == a.NewAsset && it.NewContext == a.NewContext))
	}
	if !same {
		c.add(TradeItems, id, "%d items, %d the other way; order %s has %d", len(mine), len(other), t.Owner, len(t.Assets))
	}
	if !ids && moved(r.Status) {
		c.add(TradeNewIDs, id, "items of order %s", t.Owner)
	}
}

func (c *comparison) items(listed []fleet.Held, shown []steam.Item) {
	there := map[string]steam.Item{}
	for _, it := range shown {
		there[it.ID] = it
	}
	for _, h := range listed {
		it, ok := there[h.ID]
		delete(there, h.ID)
		switch {
		case !ok:
			c.add(ItemMissing, subject(h.Asset), "%s, item %d", h.Name, h.Item)
		case it.Name != h.Name || it.ClassID != h.ClassID || it.Tradable != h.Tradable:
			c.add(ItemChanged, subject(h.Asset), "%s of class %s, tradable %t; listed as %s of class %s, tradable %t",
				it.Name, it.ClassID, it.Tradable, h.Name, h.ClassID, h.Tradable)
		}
	}
	for _, it := range shown {
		if _, left := there[it.ID]; left {
			c.add(ItemUnlisted, subject(it.Asset), "%s", it.Name)
		}
	}
}
