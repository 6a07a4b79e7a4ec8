package sandbox

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/steam"
)

// Builtin is the world of a sandbox without a world file: two projects, three
// bots, payers of every behaviour, some four hundred item names over four games.
// Equal seeds give equal worlds.
func Builtin(seed int64) File {
	f := builtin(seed)
	f.fill()
	return f
}

func builtin(seed int64) File {
	b := builder{r: rand.New(rand.NewPCG(uint64(seed), 0x5eed))}
	b.f.Number = seed
	b.names()
	b.projects()
	b.bots()
	b.payers()
	return b.f
}

type builder struct {
	r *rand.Rand
	f File
}

// wears of CS2 items, with what each is worth beside the best.
var wears = []struct {
	name  string
	worth int64 // percent
}{{"Factory New", 100}, {"Minimal Wear", 62}, {"Field-Tested", 41}, {"Well-Worn", 35}, {"Battle-Scarred", 30}}

// finishes of CS2 and the price in cents of the best wear.
var finishes = []struct {
	name  string
	cents int64
}{
	{"AK-47 | Redline", 5200}, {"AK-47 | Slate", 950}, {"AK-47 | Blue Laminate", 1400}, {"AK-47 | Elite Build", 410},
	{"AWP | Capillary", 640}, {"AWP | Atheris", 1130}, {"AWP | Phobos", 720}, {"AWP | Worm God", 260},
	{"M4A4 | Magnesium", 120}, {"M4A4 | Tooth Fairy", 890}, {"M4A1-S | Night Terror", 1180}, {"M4A1-S | Flashback", 240},
	{"USP-S | Cortex", 760}, {"USP-S | Torque", 310}, {"USP-S | Lead Conduit", 85}, {"Glock-18 | Moonrise", 130},
	{"Glock-18 | Candy Apple", 210}, {"Desert Eagle | Mecha Industries", 1550}, {"Desert Eagle | Bronze Deco", 70},
	{"P250 | Sand Dune", 4}, {"P250 | Valence", 55}, {"P250 | See Ya Later", 980}, {"MP9 | Goo", 60},
	{"MAC-10 | Silver", 22}, {"UMP-45 | Grand Prix", 48}, {"P90 | Elite Build", 95}, {"Galil AR | Signal", 64},
	{"FAMAS | Pulse", 150}, {"SG 553 | Phantom", 88}, {"SSG 08 | Abyss", 190}, {"Nova | Antique", 240},
	{"MAG-7 | Heat", 330}, {"Tec-9 | Ice Cap", 41}, {"Five-SeveN | Capillary", 35}, {"CZ75-Auto | Twist", 51},
	{"Dual Berettas | Melondrama", 470}, {"MP7 | Armor Core", 44}, {"Negev | Bratatat", 27}, {"XM1014 | Teclu Burner", 130},
	{"R8 Revolver | Reboot", 66},
}

// dopplers have a phase that is not in their name.
var dopplers = []struct {
	name   string
	cents  int64
	phases []string
}{
	{"★ Karambit | Doppler (Factory New)", 118000, []string{"Phase 1", "Phase 2", "Ruby", "Sapphire"}},
	{"★ Bayonet | Doppler (Factory New)", 46000, []string{"Phase 3", "Phase 4", "Black Pearl"}},
	{"★ Flip Knife | Gamma Doppler (Factory New)", 31000, []string{"Phase 1", "Emerald"}},
	{"★ Gut Knife | Doppler (Factory New)", 14500, []string{"Phase 2", "Ruby"}},
}

// other games: words that are put together, and the price in cents to start at.
var others = []struct {
	game          string
	first, second []string
	cents         int64
}{
	{"rust", []string{"Tempered", "Punishment", "Glory", "Whiteout", "Blackout", "Forest Raiders", "Rainbow", "Azul"},
		[]string{"AK47", "LR300", "Thompson", "Facemask", "Chestplate", "Hoodie", "Door", "Roadsign Vest"}, 190},
	{"dota2", []string{"Inscribed", "Genuine", "Frozen", "Auspicious", "Exalted"},
		[]string{"Hook of the Sightless", "Mantle of the Ember", "Blade of Tides", "Crown of the Undervine", "Cloak of the Hollow",
			"Fist of the Avalanche", "Antlers of the Winter", "Bow of the Quiet Field", "Arms of the Tide Keeper", "Helm of the Far March",
			"Wings of the Last Dawn", "Staff of the Iron Root"}, 35},
	{"tf2", []string{"Strange", "Genuine", "Vintage", "Unusual", "Festive"},
		[]string{"Team Captain", "Ghastly Gibus", "Scattergun", "Rocket Launcher", "Medi Gun", "Sniper Rifle", "Knife", "Minigun",
			"Grenade Launcher", "Wrench", "Flame Thrower", "Revolver"}, 60},
}

// names prices everything there is.
func (b *builder) names() {
	for _, f := range finishes {
		for _, w := range wears {
			b.price("cs2", f.name+" ("+w.name+")", f.cents*w.worth/10)
		}
	}
	for _, d := range dopplers {
		b.price("cs2", d.name, d.cents*10)
	}
	for _, o := range others {
		for i, x := range o.first {
			for j, y := range o.second {
				name := x + " " + y
				b.price(o.game, name, o.cents*10*int64(1+i)*int64(2+j*j)/2+b.r.Int64N(90))
			}
		}
	}
}

// price takes thousandths, at least one.
func (b *builder) price(game, name string, thousandths int64) {
	b.f.Prices = append(b.f.Prices, Price{Game: game, Name: name, Price: money.Amount(max(thousandths, 10)).String()})
}

func (b *builder) projects() {
	b.f.Projects = []Project{
		{ClientID: "100001", ClientSecret: b.text(24), WebhookSecret: "whsec_" + b.secret(), Name: "Corner Shop", Balance: "2500.000",
			Multiplier: "1.1", Commission: "0.05", NoWait: true, RateLimit: 500},
		{ClientID: "100002", ClientSecret: b.text(24), WebhookSecret: "whsec_" + b.secret(), Name: "Old Arcade", Balance: "800.000",
			Multiplier: "1", Commission: "0.08", LegacyStatuses: true, RateLimit: 500},
	}
}

// botItems is how many items each bot starts with.
const botItems = 500

func (b *builder) bots() {
	for i, persona := range []string{"Skinrail Desk 1", "Skinrail Desk 2", "Skinrail Desk 3"} {
		a := b.account("bot", i, persona, "")
		a.AccountName, a.Password = fmt.Sprintf("sandbox_bot_%d", i+1), b.text(16)
		a.SharedSecret, a.IdentitySecret = b.secret(), b.secret()
		a.Items = b.items(botItems)
		for _, d := range dopplers {
			a.Items = append(a.Items, Item{Game: "cs2", Name: d.name, Count: 1, Phase: d.phases[i%len(d.phases)]})
		}
		b.f.Accounts = append(b.f.Accounts, a)
	}
}

func (b *builder) payers() {
	for i, p := range []struct {
		persona, behaviour string
		count              int
		set                func(*Account)
	}{
		{"Casual Carl", Manual, 24, nil},
		{"Collector Kim", Manual, 60, nil},
		{"Always Accepts", Accept, 40, nil},
		{"Always Declines", Decline, 12, nil},
		{"Never Answers", Ignore, 12, nil},
		{"Reverses On Day 3", AcceptThenReverse, 16, func(a *Account) { a.ReverseAfter = "72h" }},
		{"Private Pete", Manual, 8, func(a *Account) { a.InventoryPrivate = true }},
		{"New Phone", Manual, 8, func(a *Account) { a.EscrowDays = 15 }},
		{"Banned Bob", Manual, 8, func(a *Account) { a.TradeBan = true }},
		{"Big Inventory", Manual, 1200, nil},
		{"Rust Only", Manual, 0, func(a *Account) {
			a.Items = []Item{{Game: "rust", Name: "Tempered AK47", Count: 6}, {Game: "dota2", Name: "Frozen Blade of Tides", Count: 4}}
		}},
		{"Knife Nell", Manual, 6, func(a *Account) {
			for _, d := range dopplers {
				a.Items = append(a.Items, Item{Game: "cs2", Name: d.name, Count: 1, Phase: d.phases[0]})
			}
		}},
	} {
		a := b.account("payer", 100+i, p.persona, p.behaviour)
		a.Items = b.items(p.count)
		if p.set != nil {
			p.set(&a)
		}
		b.f.Accounts = append(b.f.Accounts, a)
	}
}

func (b *builder) account(role string, n int, persona, behaviour string) Account {
	return Account{Role: role, SteamID: steam.FromAccount(uint32(40_000_001 + n)).String(), Persona: persona,
		Behaviour: behaviour, TradeToken: b.text(8), Items: []Item{}}
}

// items draws n things from all names; the dear ones are rare.
func (b *builder) items(n int) []Item {
	counts := map[Price]int{}
	var order []Price
	for range n {
		p := b.f.Prices[b.r.IntN(len(b.f.Prices))]
		if len(p.Price) > 6 || strings.HasPrefix(p.Name, "★") { // a thousand dollars is not everyday
			p = b.f.Prices[b.r.IntN(200)]
		}
		if strings.HasPrefix(p.Name, "★") {
			continue
		}
		if counts[p] == 0 {
			order = append(order, p)
		}
		counts[p]++
	}
	items := make([]Item, 0, len(order))
	for _, p := range order {
		items = append(items, Item{Game: p.Game, Name: p.Name, Count: counts[p]})
	}
	return items
}

const textAlphabet = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"

func (b *builder) text(n int) string {
	s := make([]byte, n)
	for i := range s {
		s[i] = textAlphabet[b.r.IntN(len(textAlphabet))]
	}
	return string(s)
}

func (b *builder) secret() string {
	var s [20]byte
	for i := range s {
		s[i] = byte(b.r.IntN(256))
	}
	return base64.StdEncoding.EncodeToString(s[:])
}
