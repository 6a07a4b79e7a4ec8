package app

import (
	"time"

	"github.com/skinrail/skinrail/internal/sandbox"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/steam/sim"
)

// SimWorld is the part of a world file that the simulated Steam is seeded with.
func SimWorld(f sandbox.File) sim.World {
	w := sim.World{Seed: f.Number, Settings: sim.Settings{Protected: map[steam.AppID]sim.Duration{},
		RequireAcknowledge: f.SteamRules.RequireAcknowledge, RateLimits: f.SteamRules.RateLimits,
		AcceptDelay: duration(f.SteamRules.AcceptDelay), SettleNewIDs: f.SteamRules.SettleNewIDs}}
	for g, d := range f.SteamRules.ProtectedGames {
		w.Settings.Protected[sandbox.Game(g)] = duration(d)
	}
	for _, a := range f.Accounts {
		id, _ := steam.ParseID64(a.SteamID) // checked by Parse
		n := sim.Account{SteamID: id, AccountName: a.AccountName, Password: a.Password, SharedSecret: a.SharedSecret,
			IdentitySecret: a.IdentitySecret, TradeToken: a.TradeToken, Persona: a.Persona, Behaviour: a.Behaviour,
			ReverseAfter: duration(a.ReverseAfter), InventoryPrivate: a.InventoryPrivate, TradeBan: a.TradeBan,
			CannotTrade: a.CannotTrade, EscrowDays: a.EscrowDays}
		for _, it := range a.Items {
			n.Items = append(n.Items, sim.Item{App: sandbox.Game(it.Game), Name: it.Name, Count: it.Count, Phase: it.Phase,
				Marks: sim.Marks{Pattern: it.Pattern, Wear: it.Wear}})
		}
		w.Accounts = append(w.Accounts, n)
	}
	for _, c := range f.Classes {
		w.Classes = append(w.Classes, simClass(c))
	}
	return w
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
