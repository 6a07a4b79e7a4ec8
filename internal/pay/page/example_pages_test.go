package page

import (
	"fmt"

	"github.com/a-h/templ"
)

func frame(step Step) Frame {
	return Frame{Title: "Choose your items", Merchant: "Example shop", Limits: Between("$12.50", "$250.00"), Hash: "5f1c09d2ab",
		Step: step, Watch: "/pay/5f1c09d2ab/status", Key: "3", Closes: 3240, Version: Version(),
		Payer: Payer{ID: "76561198000000201", Name: "Casual Carl"}}
}

var wears = []string{"Factory New", "Minimal Wear", "Field-Tested", "Well-Worn", "Battle-Scarred"}

var things = []string{"AK-47 | Redline", "★ Karambit | Doppler", "P250 | Sand Dune", "AWP | Capillary", "StatTrak™ M4A1-S | Hyper Beast",
	"Desert Eagle | Kumicho Dragon", "Glock-18 | Water Elemental", "★ Sport Gloves | Hedge Maze", "Operation Breakout Weapon Case"}

func exampleItems(n int) []Item {
	var items []Item
	for i := range n {
		full := things[i%len(things)]
		if i%len(things) < 8 {
			full += " (" + wears[i%len(wears)] + ")"
		}
		name, detail := SplitName(full)
		units := int64(512400 / (i + 1))
		it := Item{App: "730", Asset: fmt.Sprint(31000000000 + i), Name: name, Detail: detail, Full: full,
			Price: fmt.Sprintf("$%d.%02d", units/1000, units%1000/10), Units: units}
		if i%7 == 5 {
			it.Disabled = Disabled([]string{"not_tradable", "not_priced"}[i%2])
		}
		items = append(items, it)
	}
	return items
}

func exampleMoney() Money {
	return Money{Rate: "1", Digits: 2, Prefix: "$", Multiplier: "1.1", LimitRate: "1", LimitDigits: 2, Min: "12.5", Max: "250",
		MinText: "$12.50", MaxText: "$250.00", Least: 500, LeastText: "$0.50"}
}

func choosingExample(n int) Items {
	return Items{Frame: frame(StepItems), Quote: "q1", Fixed: 880, Game: "CS2", Items: exampleItems(n), Money: exampleMoney(), Most: 100,
		Tabs: []Tab{{"cs2", "CS2", true}, {"dota2", "Dota 2", false}, {"rust", "Rust", false}, {"tf2", "Team Fortress 2", false}}}
}

// pages is one example of every page.
func pages() map[string]templ.Component {
	bare := frame(StepAccount)
	bare.Payer = Payer{}
	framed := bare
	framed.Framed = true
	failed := Frame{Title: TitleUnknown, Version: Version()}
	offered := Offer{URL: "https://steamcommunity.example/tradeoffer/6100000001/", ID: "6100000001", Code: "K7PXQ2M9RT", Bot: "Dragonfly",
		Level: 14, Joined: "3 March 2019", SteamHost: "steamcommunity.example", Seconds: 583, Items: exampleItems(3), Total: "$812.50"}
	done := func(r Result) templ.Component {
		r.Back, r.BackHost = "https://shop.example/ok", "shop.example"
		if r.Tone != Bad {
			r.Items, r.Total, r.Credit = exampleItems(2), "$768.60", "$845.46"
		}
		return LivePage(Live{Frame: frame(StepDone), Result: &r})
	}
	errored := TradeURL{Frame: frame(StepTradeURL), Help: "https://steamcommunity.example/my/tradeoffers/privacy",
		SteamHost: "steamcommunity.example", Value: "https://evil.example/", Error: ErrTradeURLForm}
	review := Review{Frame: frame(StepItems), Quote: "q1", Game: "cs2", Items: exampleItems(3), Total: "$812.50", Credit: "$893.75", Fixed: 800}
	return map[string]templ.Component{
		"account":  AccountPage(Account{Frame: bare, SteamHost: "steamcommunity.example"}),
		"framed":   AccountPage(Account{Frame: framed, SteamHost: "steamcommunity.example", Error: ErrSignInAborted}),
		"change":   AccountPage(Account{Frame: bare, SteamHost: "steamcommunity.example", Known: Payer{ID: "76561198000000201", Name: "Casual Carl"}}),
		"tradeurl": TradeURLPage(errored),
		"problem": ProblemPage(Problem{Frame: frame(StepItems), Code: "escrow", Heading: ProblemEscrow, Sentence: ProblemEscrowWhy,
			Do: []string{ProblemEscrowDo, ProblemEscrowDo2}, ChangeURL: true, Account: true}),
		"items":    ItemsPage(choosingExample(60)),
		"empty":    ItemsPage(choosingExample(0)),
		"review":   ReviewPage(review),
		"wait":     LivePage(Live{Frame: frame(StepOffer), Wait: &Wait{Heading: TitleWait, Sentence: WaitSend, Code: "K7PXQ2M9RT"}}),
		"offer":    LivePage(Live{Frame: frame(StepOffer), Offer: &offered}),
		"held":     done(Result{Status: "in_hold", Tone: Waiting, Heading: TitleHeld, Sentence: ResultHeld, Until: "2026-12-01T14:00:00Z", UntilText: "1 December 2026, 14:00 UTC"}),
		"success":  done(Result{Status: "success", Tone: Good, Heading: TitleCredited, Sentence: ResultCredited}),
		"failed":   done(Result{Status: "fail", Tone: Bad, Heading: TitleFailed, Sentence: ResultCanceled, Advice: []string{AdviceNotYou, AdviceKey, AdvicePassword}, KeyPage: "https://steamcommunity.example/dev/apikey", SteamHost: "steamcommunity.example", Again: true}),
		"signedin": ReturnPage(Return{Frame: bare}),
		"unknown":  FailurePage(Failure{Frame: failed, Status: 404, Heading: TitleUnknown, Sentence: FailureUnknown}),
		"internal": FailurePage(Failure{Frame: frame(StepNone), Status: 500, Heading: TitleInternal, Sentence: FailureInternal, Request: "0190f0aa", Retry: true}),
	}
}
