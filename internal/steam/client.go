package steam

import (
	"context"
	"slices"
	"time"
)

// Client speaks to Steam as one bot account. Reads return an error when they
// could not be answered. Calls with an effect return an [Outcome] and never a
// bare error: an effect that may have happened is [Unknown] until read back.
// Writes of one account are serialised by the implementation; all methods may
// be called concurrently.
type Client interface {
	// ID is the account.
	ID() ID64
	// Login makes sure that a session exists: it reuses or renews a stored one
	// and logs in with password, RSA and TOTP only when it must.
	Login(ctx context.Context) error
	// Session is the state to keep between starts (refresh token and cookies).
	// It is a secret.
	Session() []byte

	// Inventory reads a whole context of any account, newest first. A private
	// inventory is [ErrPrivate].
	Inventory(ctx context.Context, owner ID64, app AppID, contextID string) ([]Item, error)
	// Counts tells how many items of each game the account itself has, those
	// under protection included; a game without any may be missing.
	Counts(ctx context.Context) (map[AppID]int, error)
	// PartnerInventory reads tradable items through a trade URL; it also sees
	// items that strangers cannot and private inventories when the token is right.
	PartnerInventory(ctx context.Context, partner ID64, token string, app AppID, contextID string) ([]Item, error)
	// HoldDurations is the pre-flight check before every offer. A wrong token
	// is [ErrTradeURL].
	HoldDurations(ctx context.Context, partner ID64, token string) (Escrow, error)
	// Bans reports whether the account may trade.
	Bans(ctx context.Context, id ID64) (Bans, error)
	// Summary is the public profile.
	Summary(ctx context.Context, id ID64) (Summary, error)
	// Level is the account's Steam level; 0 for a new or a private account.
	Level(ctx context.Context, id ID64) (int, error)

	// Offers lists sent and received offers: active ones plus those updated
	// since the cutoff (zero: active only).
	Offers(ctx context.Context, since time.Time) (OfferList, error)
	// Offer reads one offer; an id that is unknown or foreign is [ErrNotFound].
	Offer(ctx context.Context, id OfferID) (Offer, error)
	// Trade reads a trade's record; unknown is [ErrNotFound].
	Trade(ctx context.Context, id TradeID) (Trade, error)
	// Trades lists up to max trades newest first, older than before (zero: from now).
	Trades(ctx context.Context, before time.Time, max int) ([]Trade, error)
	// History gives the trades page by page, newest first, older than the given
	// one (zero: all), for as long as more returns true and there are some: also
	// when many are of one second.
	History(ctx context.Context, than Trade, more func(page []Trade) bool) error
	// Confirmations lists what waits for the account's mobile confirmation.
	Confirmations(ctx context.Context) ([]Confirmation, error)

	// Send makes an offer. Done carries the id, and whether it must be confirmed.
	Send(ctx context.Context, o NewOffer) SendOutcome
	// Confirm allows the mobile confirmation of the account's own sent offer.
	// Absent from the list is Unknown: read the offer's state.
	Confirm(ctx context.Context, id OfferID) Outcome
	// Cancel withdraws a sent offer.
	Cancel(ctx context.Context, id OfferID) Outcome
	// Acknowledge accepts Steam's trade-protection rules, once per account.
	Acknowledge(ctx context.Context) Outcome
}

// Verdict tells what is known of a call that has an effect.
type Verdict int

// The three verdicts.
const (
	Unknown Verdict = iota // it may have happened: read back before anything else
	Done                   // it happened
	Refused                // it did not happen, so Steam says, and why
)

// Refusal is why Steam refused, in words of the gateway.
type Refusal string

// Refusals of sending, confirming and cancelling.
const (
	RefusedMalformed     Refusal = "malformed"            // (8)
	RefusedItemsGone     Refusal = "items_gone"           // (26): not owned, not tradable, protected
	RefusedTradeURL      Refusal = "trade_url"            // (15) or a replaced trade URL
	RefusedTooManyOffers Refusal = "too_many_offers"      // open offers with this partner or in all
	RefusedNewDevice     Refusal = "new_device"           // the sender may not trade for days
	RefusedPartnerTrade  Refusal = "partner_cannot_trade" // no guard, limited, cooldown, ban
	RefusedPrivate       Refusal = "partner_private"      // partner's inventory is private
	RefusedState         Refusal = "state"                // (11): not in a state for this call
	RefusedSession       Refusal = "session"              // not logged in; nothing happened
	RefusedRateLimit     Refusal = "rate_limit"           // 429; nothing happened
	RefusedAcknowledge   Refusal = "acknowledge"          // trade-protection rules not acknowledged
	RefusedOther         Refusal = "other"                // a sentence we do not know
)

var refusals = []Refusal{RefusedMalformed, RefusedItemsGone, RefusedTradeURL, RefusedTooManyOffers, RefusedNewDevice, RefusedPartnerTrade,
	RefusedPrivate, RefusedState, RefusedSession, RefusedRateLimit, RefusedAcknowledge, RefusedOther}

// Known reports whether r is one of the refusals.
func (r Refusal) Known() bool { return slices.Contains(refusals, r) }

// Outcome is what became of a call that has an effect.
type Outcome struct {
	Verdict Verdict
	Refusal Refusal // when Refused
	Unsure  bool    // when Refused: by a number or a sentence we do not know, which Steam also says of what it has done
	Detail  string  // for the operator; no secrets, clipped
}

// SendOutcome is the outcome of [Client.Send].
type SendOutcome struct {
	Outcome
	Offer            OfferID // when Done
	NeedConfirmation bool    // when Done: invisible to the partner until confirmed
}

// NewOffer is an offer to make. Message carries the unique reference by which
// an unclear send is found again; Steam keeps 128 characters.
type NewOffer struct {
	Partner ID64
	Token   string
	Message string
	Give    []Asset
	Receive []Asset
}

// Item is one thing in an inventory, with what its description says.
type Item struct {
	Asset
	ClassID    string
	InstanceID string
	Name       string // market hash name
	Icon       string // economy image path, may be empty
	Type       string
	Tradable   bool
	Marketable bool
	Sealed     bool   // under trade protection
	Phase      string // Doppler phase, when the description tells it
	Color      string // six hex digits, may be empty
}

// Escrow tells how long a trade between two accounts would be held.
type Escrow struct {
	Mine, Theirs, Both time.Duration
}

// Bans is what GetPlayerBans says.
type Bans struct {
	Community, VAC bool
	Economy        string // "none", "probation", "banned"
}

// Summary is an account's public face.
type Summary struct {
	ID      ID64
	Name    string
	Avatar  string
	Public  bool
	Created time.Time // zero unless public
}

// Confirmation is something that the account is asked to confirm. Offer is empty
// when it is no trade offer.
type Confirmation struct {
	ID    string
	Type  int // of Steam's: 2 a trade, 3 a market listing, 5 a phone, 6 a recovery, 9 a key …
	Offer OfferID
}

// Offer is a trade offer from the caller's point of view.
type Offer struct {
	ID                 OfferID
	Partner            ID64
	Message            string
	State              OfferState
	Ours               bool
	Give, Receive      []OfferItem
	Created, Updated   time.Time
	Expires            time.Time
	EscrowEnd          time.Time
	Trade              TradeID // once accepted
	ConfirmationMethod int
}

// OfferItem is an asset in an offer; Missing once it is no longer where it was.
type OfferItem struct {
	Asset
	ClassID, InstanceID string
	Missing             bool
}

// OfferList is what [Client.Offers] returns.
type OfferList struct {
	Sent, Received []Offer
}

// Trade is a trade's record, the only evidence of what changed hands.
type Trade struct {
	ID         TradeID
	Partner    ID64
	Status     TradeStatus
	Init       time.Time
	Settlement time.Time // zero: none given
	EscrowEnd  time.Time
	Rollback   TradeID // on a returning trade: the trade it reverses
	Given      []TradeItem
	Received   []TradeItem
}

// TradeItem is an asset as it was before the trade, and what became of it.
type TradeItem struct {
	Asset
	ClassID, InstanceID         string
	NewID, NewContext           string
	RollbackID, RollbackContext string
}
