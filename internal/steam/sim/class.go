package sim

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/skinrail/skinrail/internal/steam"
)

// classKey is what tells classes apart.
type classKey struct {
	App         steam.AppID
	Name, Phase string
}

// class is one kind of item: all its instances share a description.
type class struct {
	classKey
	Index int    // in the world's list
	ID    string // classid

	look look
}

// look is what a description says beyond the name.
type look struct {
	icon, nameColor, kind string
	marketable, commodity bool
	tags                  []Tag
}

// Tag is one of a class's tags, as an inventory shows it.
type Tag struct {
	Category     string `json:"category"`
	InternalName string `json:"internal_name"`
	CategoryName string `json:"localized_category_name"`
	Name         string `json:"localized_tag_name"`
	Color        string `json:"color,omitempty"`
}

// classFor finds or makes the class. Class ids follow the order of first use.
func (st *state) classFor(k classKey) *class {
	if c := st.classOf[k]; c != nil {
		return c
	}
	c := &class{classKey: k, Index: len(st.classes)}
	c.ID = strconv.FormatUint(4_300_000_000+st.rising(7, uint64(c.Index), 19), 10)
	c.look = lookOf(k)
	for _, seeded := range st.Classes {
		if seeded.key() == k {
			seeded.dress(&c.look)
		}
	}
	st.classes = append(st.classes, c)
	st.classOf[k] = c
	st.byClass[c.ID] = c
	return c
}

// Instances: CS2 items carry one in context 2 as on Steam, other games "0".
// Protected and locked items have an instance per hour at which that ends, so
// that one description fits all items that share it. What is listed on the market
// lies in context 16 too, without an end.
const (
	instanceListed    = "5170000000"
	instancePlainCS2  = "188000730"
	instanceLocked    = 5_180_000_000
	instanceProtected = 5_190_000_000
)

// locked tells that the item cannot be traded yet, for another reason than
// protection.
func (it *item) locked() bool { return it.Context == steam.ContextMain && it.Until > 0 }

// listed tells that the item is on the market.
func (it *item) listed() bool { return it.Context == steam.ContextProtected && it.Until == 0 }

func plainInstance(app steam.AppID) string {
	if app == steam.CS2 {
		return instancePlainCS2
	}
	return "0"
}

func (it *item) instance() string {
	switch {
	case it.locked():
		return strconv.FormatInt(instanceLocked+int64(it.Until/hour), 10)
	case it.Context == steam.ContextMain:
		return plainInstance(it.Class.App)
	case it.listed():
		return instanceListed
	}
	return strconv.FormatInt(instanceProtected+int64(it.Until/hour), 10)
}

// bound reads out of an instance id what keeps its items from being traded.
func bound(instance string) (protected, locked bool) {
	n, err := strconv.ParseInt(instance, 10, 64)
	return err == nil && n >= instanceProtected, err == nil && n >= instanceLocked && n < instanceProtected
}

// description is the form of /inventory/…; numbers where it has numbers.
type description struct {
	AppID             steam.AppID `json:"appid"`
	ClassID           string      `json:"classid"`
	InstanceID        string      `json:"instanceid"`
	Currency          any         `json:"currency"` // as Tradable
	BackgroundColor   string      `json:"background_color"`
	IconURL           string      `json:"icon_url"`
	IconURLLarge      string      `json:"icon_url_large"`
	Descriptions      []descLine  `json:"descriptions"`
	OwnerDescriptions []descLine  `json:"owner_descriptions,omitempty"`
	Tradable          any         `json:"tradable"` // 0/1 here, boolean in IEconService
	Actions           []action    `json:"actions,omitempty"`
	Name              string      `json:"name"`
	NameColor         string      `json:"name_color"`
	Type              string      `json:"type"`
	MarketName        string      `json:"market_name"`
	MarketHashName    string      `json:"market_hash_name"`
	MarketActions     []action    `json:"market_actions,omitempty"`
	Commodity         any         `json:"commodity"`
	TradeRestriction  int         `json:"market_tradable_restriction"`
	MarketRestriction int         `json:"market_marketable_restriction"`
	Marketable        any         `json:"marketable"`
	Tags              []Tag       `json:"tags,omitempty"`
	Sealed            any         `json:"sealed"` // as Tradable
	SealedType        *int        `json:"sealed_type,omitempty"`
}

type descLine struct {
	Type  string `json:"type"`
	Value string `json:"value"`
	Color string `json:"color,omitempty"`
	Name  string `json:"name,omitempty"`
}

type action struct {
	Link string `json:"link"`
	Name string `json:"name"`
}

// describe makes the description of a class in one instance, with 0/1 flags.
func (c *class) describe(instance string) description {
	protected, locked := bound(instance)
	listed := instance == instanceListed
	free := !protected && !locked && !listed
	d := description{
		AppID: c.App, ClassID: c.ID, InstanceID: instance, BackgroundColor: "3C352E",
		IconURL: c.look.icon, IconURLLarge: c.look.icon, Descriptions: c.lines(), Name: c.Name, NameColor: c.look.nameColor,
		Type: c.look.kind, MarketName: c.Name, MarketHashName: c.Name, TradeRestriction: 7, MarketRestriction: 7,
		Tradable: bit(free), Marketable: bit(free && c.look.marketable), Commodity: bit(c.look.commodity), Tags: c.look.tags, Currency: 0, Sealed: 0,
	}
	if c.App == steam.CS2 {
		inspect := action{Link: "steam://rungame/730/76561202255233023/+csgo_econ_action_preview%20S%owner_steamid%A%assetid%D0", Name: "Inspect in Game..."}
		d.Actions, d.MarketActions = []action{inspect}, []action{inspect}
	}
	if protected || listed {
		d.Sealed, d.SealedType = 1, new(bit(listed))
	}
	return d
}

func (c *class) lines() []descLine {
	lines := []descLine{}
	if _, wear, ok := exterior(c.Name); ok {
		lines = append(lines, descLine{Type: "html", Value: "Exterior: " + wear, Name: "exterior_wear"})
	}
	if c.Phase != "" {
		lines = append(lines, descLine{Type: "html", Value: "Phase: " + c.Phase, Name: "phase"})
	}
	return lines
}

// ownerLine tells the owner when an item can be traded.
func (it *item) ownerLine(bbcode, dayMonth bool) descLine {
	if it.Context == steam.ContextProtected {
		return protectionLine(it.Until, bbcode, dayMonth)
	}
	return descLine{Type: "html", Value: "Tradable/Marketable After " + it.Until.time().Format("Jan 02, 2006 (15:04:05)") + " GMT", Color: "ff4040"}
}

// protectionLine tells the owner when protection ends; with bbcode the time
// stays machine-readable, else it has one of the forms that Steam has had.
func protectionLine(until stamp, bbcode, dayMonth bool) descLine {
	l := descLine{Type: "html", Color: "bce1ef"}
	text := "⇆ This item is trade-protected and cannot be consumed, modified, or transferred until "
	switch {
	case bbcode:
		l.Type, l.Value = "bbcode", fmt.Sprintf("%s[date]%d[/date]", text, until.seconds())
	case dayMonth:
		l.Value = text + until.time().Format("2 Jan @ 3:04pm")
	default:
		l.Value = text + until.time().Format("Jan 02, 2006 (15:04:05)") + " GMT"
	}
	return l
}

// inBooleans is the form that IEconService answers have.
func (d description) inBooleans() description {
	for _, flag := range []*any{&d.Tradable, &d.Marketable, &d.Commodity, &d.Currency, &d.Sealed} {
		*flag = *flag == 1
	}
	return d
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// property is one of an asset's own numbers.
type property struct {
	ID    int    `json:"propertyid"`
	Int   string `json:"int_value,omitempty"`
	Float string `json:"float_value,omitempty"`
	Name  string `json:"name,omitempty"`
}

// properties are pattern and wear, seeded or made from the item's birth, so that
// they stay with it through trades. Wear that was made lies in the range of the
// exterior in its name.
func (st *state) properties(it *item, named bool) []property {
	list := it.made()
	m := st.Marks[it.Birth]
	if m.Pattern != nil {
		list = put(list, property{ID: 1, Int: strconv.Itoa(*m.Pattern), Name: "Pattern Template"})
	}
	if m.Wear != "" {
		list = put(list, property{ID: 2, Float: m.Wear, Name: "Wear Rating"})
	}
	if !named {
		for i := range list {
			list[i].Name = ""
		}
	}
	return list
}

// put replaces the property of the same id, or adds it.
func put(list []property, p property) []property {
	for i := range list {
		if list[i].ID == p.ID {
			list[i] = p
			return list
		}
	}
	return append(list, p)
}

// made are the properties that nobody seeded.
func (it *item) made() []property {
	if it.Class.App != steam.CS2 {
		return nil
	}
	sum := sha256.Sum256([]byte(it.Class.ID + "/" + strconv.FormatUint(it.Birth, 10)))
	pattern := property{ID: 1, Int: strconv.Itoa((int(sum[0])<<8 | int(sum[1])) % 1001), Name: "Pattern Template"}
	list := []property{pattern}
	if band, _, ok := exterior(it.Class.Name); ok {
		// Wear in hundred-millionths, kept in integers: exact on every machine.
		span := band[1] - band[0]
		wear := band[0] + (int(sum[2])<<16|int(sum[3])<<8|int(sum[4]))%span
		list = append(list, property{ID: 2, Float: fmt.Sprintf("0.%08d", wear), Name: "Wear Rating"})
	}
	return list
}

var exteriors = []struct {
	name string
	band [2]int // wear in hundred-millionths
}{
	{"Factory New", [2]int{0, 7_000_000}},
	{"Minimal Wear", [2]int{7_000_000, 15_000_000}},
	{"Field-Tested", [2]int{15_000_000, 38_000_000}},
	{"Well-Worn", [2]int{38_000_000, 45_000_000}},
	{"Battle-Scarred", [2]int{45_000_000, 99_000_000}},
}

func exterior(name string) ([2]int, string, bool) {
	for _, e := range exteriors {
		if strings.HasSuffix(name, "("+e.name+")") {
			return e.band, e.name, true
		}
	}
	return [2]int{}, "", false
}

// icon is a stable economy image path of the shape Steam's have.
func icon(k classKey) string {
	sum := sha256.Sum256([]byte(strconv.Itoa(int(k.App)) + "/" + k.Name + "/" + k.Phase))
	return base64.RawURLEncoding.EncodeToString(append(sum[:], sum[:16]...))
}
