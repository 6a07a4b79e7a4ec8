package app

import (
	"time"

	"github.com/skinrail/skinrail/internal/sandbox"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/steam/sim"
)

// SimWorld is the part of a world file that the simulated Steam is seeded with.
func SimWorld(f sandbox.File) sim.World {
	w := sim.World{Seed: f.Number, Settings: simSettings(f.SteamRules)}
	for _, a := range f.Accounts {
		id, _ := steam.ParseID64(a.SteamID) // checked by Parse
		n := sim.Account{SteamID: id, AccountName: a.AccountName, Password: a.Password, SharedSecret: a.SharedSecret,
			IdentitySecret: a.IdentitySecret, TradeToken: a.TradeToken, Persona: a.Persona, Behaviour: a.Behaviour,
			ReverseAfter: duration(a.ReverseAfter), InventoryPrivate: a.InventoryPrivate, TradeBan: a.TradeBan,
			CannotTrade: a.CannotTrade, EscrowDays: a.EscrowDays, Probation: a.Probation, CommunityBan: a.CommunityBan, VACBans: a.VACBans,
			NewDevice: a.NewDevice, EmailDomain: a.EmailDomain, Friends: a.Friends, FamilyView: a.FamilyView}
		for _, it := range a.Items {
			n.Items = append(n.Items, sim.Item{App: sandbox.Game(it.Game), Name: it.Name, Count: it.Count, Phase: it.Phase,
				LockedFor: duration(it.LockedFor), Marks: sim.Marks{Pattern: it.Pattern, Wear: it.Wear}})
		}
		w.Accounts = append(w.Accounts, n)
	}
	for _, c := range f.Classes {
		w.Classes = append(w.Classes, simClass(c))
	}
	return w
}

func simSettings(r sandbox.Steam) sim.Settings {
	s := sim.Settings{Protected: map[steam.AppID]sim.Duration{}, RequireAcknowledge: *r.RequireAcknowledge, RateLimits: r.RateLimits,
		AcceptDelay: duration(r.AcceptDelay), TradeSteps: duration(r.TradeSteps), InvalidAfter: duration(r.InvalidAfter),
		DayMonthDates: r.DayMonthDates, SettleNewIDs: r.SettleNewIDs, HideTraded: duration(r.HideTraded), ReuseCodes: r.ReuseCodes,
		KeysOnce: r.KeysOnce, Limits: r.Limits}
	for g, d := range r.ProtectedGames {
		s.Protected[sandbox.Game(g)] = duration(d)
	}
	return s
}

func simClass(c sandbox.Class) sim.Class {
	n := sim.Class{App: sandbox.Game(c.Game), Name: c.Name, Phase: c.Phase, Type: c.Type, NameColor: c.NameColor, Icon: c.Icon,
		Marketable: c.Marketable, Commodity: c.Commodity}
	for _, t := range c.Tags {
		n.Tags = append(n.Tags, sim.Tag(t))
	}
	return n
}

// duration reads what check has accepted.
func duration(s string) sim.Duration {
	d, _ := time.ParseDuration(s) // checked by Parse; empty is zero
	return sim.Duration(d)
}
