package sim

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
)

// command is one change of the world. It carries every decision that was made
// outside (who, what, at which time); ids come from the state's counters. apply
// cannot fail: whoever makes a command has checked that it may happen.
type command interface {
	apply(st *state, at stamp)
}

// commands lists the kinds by the names they have in the journal.
var commands = map[string]func() command{
	"seed":        func() command { return &seedCommand{} },
	"rsa":         func() command { return &rsaCommand{} },
	"login":       func() command { return &loginCommand{} },
	"guard":       func() command { return &guardCommand{} },
	"poll":        func() command { return &pollCommand{} },
	"transfer":    func() command { return &transferCommand{} },
	"spend":       func() command { return &spendCommand{} },
	"send":        func() command { return &sendCommand{} },
	"accept":      func() command { return &acceptCommand{} },
	"close":       func() command { return &closeCommand{} },
	"confirm":     func() command { return &confirmCommand{} },
	"reverse":     func() command { return &reverseCommand{} },
	"due":         func() command { return &dueCommand{} },
	"acknowledge": func() command { return &acknowledgeCommand{} },
	"token":       func() command { return &tokenCommand{} },
	"account":     func() command { return &accountCommand{} },
	"assert":      func() command { return &assertCommand{} },
	"check":       func() command { return &checkCommand{} },
	"approve":     func() command { return &approveCommand{} },
	"scan":        func() command { return &scanCommand{} },
	"revoke":      func() command { return &revokeCommand{} },
	"grant":       func() command { return &grantCommand{} },
	"list":        func() command { return &listCommand{} },
	"remove":      func() command { return &removeCommand{} },
	"plant":       func() command { return &plantCommand{} },
	"status":      func() command { return &statusCommand{} },
	"settings":    func() command { return &settingsCommand{} },
	"faults":      func() command { return &faultsCommand{} },
	"count":       func() command { return &countCommand{} },
}

// kindOf is the journal name of a command: its type's name without "Command".
func kindOf(c command) string {
	return strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%T", c), "*sim."), "Command")
}

// line is one line of the journal.
type line struct {
	Number  uint64          `json:"n"`
	At      stamp           `json:"t"`
	Kind    string          `json:"k"`
	Command json.RawMessage `json:"c"`
}

// decode makes the command a line holds.
func (l line) decode() (command, error) {
	fresh, ok := commands[l.Kind]
	if !ok {
		return nil, fmt.Errorf("journal line %d: kind %q is unknown", l.Number, l.Kind)
	}
	c := fresh()
	if err := json.Unmarshal(l.Command, c); err != nil {
		return nil, fmt.Errorf("journal line %d: %w", l.Number, err)
	}
	return c, nil
}

type seedCommand struct{ World World }

func (c *seedCommand) apply(st *state, at stamp) { st.seed(c.World, at) }

// sendCommand makes an offer; the counters give its id.
type sendCommand struct {
	From, To      steam.ID64
	Message       string
	Give, Receive []ref
	Counters      uint64 // the offer this one answers, or 0

	made *offer
}

func (c *sendCommand) apply(st *state, at stamp) {
	if old := st.offers[c.Counters]; old != nil {
		st.end(old, steam.OfferCountered, at)
	}
	c.made = &offer{ID: st.nextOffer(), From: c.From, To: c.To, Message: c.Message, Give: c.Give, Receive: c.Receive}
	st.start(c.made, at)
}

// acceptCommand is the receiver's yes; Confirmed when no phone is asked.
type acceptCommand struct {
	Offer     uint64
	Confirmed bool
}

func (c *acceptCommand) apply(st *state, at stamp) {
	o := st.offers[c.Offer]
	if c.Confirmed {
		st.unask(o)
	}
	st.accept(o, c.Confirmed, at)
}

// closeCommand ends an offer that has not been accepted, or a held trade.
type closeCommand struct {
	Offer uint64
	State steam.OfferState
	By    steam.ID64 `json:",omitzero"` // who cancels a held trade may not trade for a while
}

func (c *closeCommand) apply(st *state, at stamp) {
	o := st.offers[c.Offer]
	if o.State == steam.OfferInEscrow {
		st.abandon(st.trades[o.Trade], steam.OfferCanceled, at)
		if a := st.byID[c.By]; a != nil {
			a.CooldownUntil = max(a.CooldownUntil, at.addDays(holdCooldown))
		}
		return
	}
	st.end(o, c.State, at)
}

// confirmCommand answers confirmations one after the other. One that another
// of them made impossible is left out.
type confirmCommand struct {
	IDs     []uint64
	Allow   bool
	Account steam.ID64 `json:",omitzero"` // whose key it was, if keys are good once
	Key     usedKey    `json:",omitzero"`
}

func (c *confirmCommand) apply(st *state, at stamp) {
	if a := st.byID[c.Account]; a != nil {
		skew := Duration(st.limit(limitSkew)) * Duration(time.Second)
		a.UsedKeys = append(slices.DeleteFunc(a.UsedKeys, func(k usedKey) bool { return at > k.Made.add(skew) }), c.Key)
	}
	for _, id := range c.IDs {
		one := st.confirms[id]
		if one == nil {
			continue
		}
		if one.Type != 0 {
			st.drop(one)
			continue
		}
		if o := st.offers[one.Offer]; c.Allow && o.Confirming && st.refuseAccept(o, at) != steam.ResultOK {
			continue
		}
		st.confirm(one, c.Allow, at)
	}
}

// reverseCommand undoes all protected trades of an account.
type reverseCommand struct{ Account steam.ID64 }

func (c *reverseCommand) apply(st *state, at stamp) { st.reverse(st.byID[c.Account], at) }

type acknowledgeCommand struct{ Account steam.ID64 }

func (c *acknowledgeCommand) apply(st *state, _ stamp) { st.byID[c.Account].Acknowledged = true }

// tokenCommand replaces the trade URL's token.
type tokenCommand struct{ Account steam.ID64 }

func (c *tokenCommand) apply(st *state, _ stamp) {
	a := st.byID[c.Account]
	st.Count.Token++
	a.TradeToken = st.tradeToken(uint64(a.SteamID) ^ st.Count.Token<<48)
}

// accountFlags are what can change about an account; absent members stay.
type accountFlags struct {
	InventoryPrivate *bool     `json:"inventory_private,omitempty"`
	TradeBan         *bool     `json:"trade_ban,omitempty"`
	Probation        *bool     `json:"probation,omitempty"`
	CommunityBan     *bool     `json:"community_ban,omitempty"`
	VACBans          *int      `json:"vac_bans,omitempty"`
	CannotTrade      *bool     `json:"cannot_trade,omitempty"`
	NewDevice        *bool     `json:"new_device,omitempty"`
	EscrowDays       *int      `json:"escrow_days,omitempty"`
	Behaviour        *string   `json:"behaviour,omitempty"`
	ReverseAfter     *Duration `json:"reverse_after,omitempty"`
	TradeToken       *string   `json:"trade_token,omitempty"`
	EndSessions      bool      `json:"end_sessions,omitempty"` // logs the account out everywhere
	Persona          *string   `json:"persona,omitempty"`
	Password         *string   `json:"password,omitempty"` // a change ends all sessions too
	EmailDomain      *string   `json:"email_domain,omitempty"`
	NoAuthenticator  bool      `json:"remove_authenticator,omitempty"` // what it gives is held from now on
	Acknowledged     *bool     `json:"acknowledged,omitempty"`
	FamilyView       *bool     `json:"family_view,omitempty"`

	Friends *[]steam.ID64 `json:"friends,omitempty"` // all of them
}

// accountCommand changes an account's flags.
type accountCommand struct {
	Account steam.ID64
	Flags   accountFlags
}

func (c *accountCommand) apply(st *state, at stamp) {
	a, f := st.byID[c.Account], c.Flags
	set(&a.InventoryPrivate, f.InventoryPrivate)
	set(&a.TradeBan, f.TradeBan)
	set(&a.Probation, f.Probation)
	set(&a.CommunityBan, f.CommunityBan)
	set(&a.VACBans, f.VACBans)
	set(&a.CannotTrade, f.CannotTrade)
	set(&a.NewDevice, f.NewDevice)
	set(&a.EscrowDays, f.EscrowDays)
	set(&a.ReverseAfter, f.ReverseAfter)
	set(&a.TradeToken, f.TradeToken)
	set(&a.Persona, f.Persona)
	set(&a.Password, f.Password)
	set(&a.EmailDomain, f.EmailDomain)
	set(&a.Acknowledged, f.Acknowledged)
	set(&a.FamilyView, f.FamilyView)
	set(&a.Friends, f.Friends)
	if f.EndSessions || f.Password != nil {
		a.Epoch++
	}
	if f.NoAuthenticator {
		a.SharedSecret, a.IdentitySecret, a.EscrowDays = "", "", max(a.EscrowDays, holdDays)
	}
	if f.Behaviour == nil {
		return
	}
	a.Behaviour = *f.Behaviour
	for _, o := range a.openByID() {
		if o.To == a.SteamID && o.State == steam.OfferActive {
			st.plan(o, at)
		}
	}
}

// holdDays is how long is held what an account without authenticator gives.
const holdDays = 15

// holdCooldown is how long may not trade who cancelled a held trade, in days.
const holdCooldown = 7

// settingsCommand replaces the rules.
type settingsCommand struct{ Settings Settings }

func (c *settingsCommand) apply(st *state, _ stamp) { st.Settings = c.Settings }

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}
