package sim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/skinrail/skinrail/internal/steam"
)

// Limits of offers where the settings give none.
const (
	maxOpenOffers = 5   // from one account to one user
	maxOpenTotal  = 30  // from one account; only with rate limits
	maxAssets     = 255 // in one offer
	maxMessage    = 128 // characters kept
)

// sentence is the generic text of an offer action that Steam refuses.
func sentence(endpoint string) string {
	switch endpoint {
	case "send":
		return "There was an error sending your trade offer.  Please try again later."
	case "accept":
		return "There was an error accepting this trade offer.  Please try again later."
	}
	return "There was an error modifying this trade offer.  Please try again later."
}

// refusal is why an offer cannot be sent: an EResult, or a sentence of its own.
type refusal struct {
	result steam.Result
	text   string
}

func (r refusal) reply(endpoint string) reply {
	if r.text != "" {
		return tradeError(r.text)
	}
	return tradeError(resultText(sentence(endpoint), r.result))
}

func (q *call) sendOffer() (reply, error) {
	me := q.session()
	if me == nil || !q.form() {
		return null(http.StatusUnauthorized), nil
	}
	if !q.fromOfferPage() {
		return null(http.StatusBadRequest), nil
	}
	c, r := q.readOffer(me)
	if r == nil {
		r = q.refuseSend(c)
	}
	if r != nil {
		return r.reply("send"), nil
	}
	if err := q.sim.do(q.at, c); err != nil {
		return reply{}, err
	}
	out := map[string]any{"tradeofferid": decimal(c.made.ID)}
	if c.made.State == steam.OfferNeedsConfirmation {
		me.needConfirmation(out)
	}
	return document(out), nil
}

// needConfirmation says by which way the account confirms.
func (a *account) needConfirmation(out map[string]any) {
	out["needs_mobile_confirmation"] = a.confirmsBy() == byPhone
	out["needs_email_confirmation"] = a.confirmsBy() == byMail
	out["email_domain"] = cmp.Or(a.EmailDomain, "example.com")
}

// Ways to confirm, numbered as confirmation_method.
const (
	byNothing = iota
	byMail
	byPhone
)

// confirmsBy is how the account confirms what it gives.
func (a *account) confirmsBy() int {
	switch {
	case a.IdentitySecret != "":
		return byPhone
	case a.EmailDomain != "":
		return byMail
	}
	return byNothing
}

// fromOfferPage checks the Referer that Steam insists on.
func (q *call) fromOfferPage() bool {
	u, err := url.Parse(q.r.Referer())
	return err == nil && strings.HasPrefix(u.Path, "/tradeoffer/")
}

// refererToken is the token in the Referer's trade URL.
func (q *call) refererToken() string {
	u, err := url.Parse(q.r.Referer())
	if err != nil {
		return ""
	}
	return u.Query().Get("token")
}

// number reads a JSON number or a string of digits.
type number uint64

func (n *number) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseUint(strings.Trim(string(b), `"`), 10, 64)
	*n = number(v)
	return err
}

type offerJSON struct {
	Version number   `json:"version"`
	Me      sideJSON `json:"me"`
	Them    sideJSON `json:"them"`
}

type sideJSON struct {
	Assets []struct {
		AppID     number `json:"appid"`
		ContextID number `json:"contextid"`
		Amount    number `json:"amount"`
		AssetID   number `json:"assetid"`
	} `json:"assets"`
}

func malformed() *refusal { return &refusal{result: steam.ResultInvalidParam} }

// readOffer reads the form; what cannot be read is InvalidParam.
func (q *call) readOffer(me *account) (*sendCommand, *refusal) {
	partner, err := steam.ParseID64(q.r.PostFormValue("partner"))
	if err != nil || partner == me.SteamID {
		return nil, malformed()
	}
	var o offerJSON
	if err := json.Unmarshal([]byte(q.r.PostFormValue("json_tradeoffer")), &o); err != nil || o.Version == 0 {
		return nil, malformed()
	}
	st := q.sim.state
	c := &sendCommand{From: me.SteamID, To: partner, Message: clipMessage(q.r.PostFormValue("tradeoffermessage"), st.limit(limitMessage))}
	if text := q.r.PostFormValue("tradeofferid_countered"); text != "" && text != "0" {
		if c.Counters, err = strconv.ParseUint(text, 10, 64); err != nil {
			return nil, malformed()
		}
	}
	seen := map[uint64]bool{}
	var ok1, ok2 bool
	c.Give, ok1 = o.Me.refs(seen)
	c.Receive, ok2 = o.Them.refs(seen)
	if n := len(seen); !ok1 || !ok2 || n == 0 || n > st.limit(limitOfferAssets) {
		return nil, malformed()
	}
	return c, nil
}

func (s sideJSON) refs(seen map[uint64]bool) ([]ref, bool) {
	var list []ref
	for _, a := range s.Assets {
		id := uint64(a.AssetID)
		if a.Amount != 1 || a.AppID == 0 || a.AppID > 1<<32-1 || seen[id] {
			return nil, false
		}
		seen[id] = true
		list = append(list, ref{App: steam.AppID(a.AppID), Context: decimal(uint64(a.ContextID)), ID: id})
	}
	return list, true
}

func clipMessage(s string, limit int) string {
	r := []rune(strings.ToValidUTF8(s, "\uFFFD"))
	if len(r) > limit {
		r = r[:limit]
	}
	return string(r)
}

// refuseSend goes through Steam's reasons in their order, and completes the
// references to assets on the way.
func (q *call) refuseSend(c *sendCommand) *refusal {
	st := q.sim.state
	from, to := st.byID[c.From], st.byID[c.To]
	if r := q.refuseCounter(c); r != nil {
		return r
	}
	if to == nil || c.Counters == 0 && q.offerToken() != to.TradeToken && !friends(from, to) {
		return &refusal{result: steam.ResultAccessDenied}
	}
	if r := refusePeople(from, to, q.at); r != nil {
		return r
	}
	if r := st.refuseAssets(c); r != nil {
		return r
	}
	if st.open[[2]steam.ID64{c.From, c.To}] >= st.limit(limitOffersToOne) {
		return &refusal{text: fmt.Sprintf("You have sent too many trade offers, or have too many outstanding trade offers with %s. "+
			"Please cancel some before sending more.", to.name())}
	}
	if limit := st.limit(limitOffersOpen); limit != unlimited && from.sentOpen() >= limit {
		return &refusal{text: "You have sent too many trade offers, or have too many outstanding trade offers. Please cancel some before sending more."}
	}
	if st.overfull(to, c.Give, c.Receive) || st.overfull(from, c.Receive, c.Give) {
		return &refusal{result: steam.ResultAccessDenied}
	}
	return nil
}

// refuseCounter checks that the countered offer can be countered by the sender.
func (q *call) refuseCounter(c *sendCommand) *refusal {
	if c.Counters == 0 {
		return nil
	}
	old := q.sim.state.offers[c.Counters]
	if old == nil || old.From != c.To || old.To != c.From {
		return malformed()
	}
	if old.State != steam.OfferActive || q.at >= old.Expires {
		return &refusal{result: steam.ResultInvalidState}
	}
	return nil
}

// offerToken is the trade URL's token among the creation parameters.
func (q *call) offerToken() string {
	var p struct {
		Token string `json:"trade_offer_access_token"`
	}
	if json.Unmarshal([]byte(q.r.PostFormValue("trade_offer_create_params")), &p) != nil {
		return ""
	}
	return p.Token
}

func refusePeople(from, to *account, at stamp) *refusal {
	switch {
	case from.NewDevice:
		return &refusal{text: "You have logged in from a new device. In order to protect the items in your inventory, " +
			"you will be unable to trade for 7 additional days."}
	case from.barred(at):
		return &refusal{result: steam.ResultAccessDenied}
	case to.TradeBan:
		return &refusal{text: fmt.Sprintf("You cannot trade with %s because they have a trade ban.", to.name())}
	case to.barred(at):
		return &refusal{text: fmt.Sprintf("%s is not available to trade. More information will be shown to %s if they invite you to trade.",
			to.name(), to.name())}
	case to.InventoryPrivate:
		return &refusal{text: fmt.Sprintf("%s's inventory privacy is set to \"Private\". They are unable to receive trade offers.", to.name())}
	}
	return nil
}

// refuseAssets checks where the assets are, and that protected and unprotected
// games do not meet in one offer.
func (st *state) refuseAssets(c *sendCommand) *refusal {
	protected, free := false, false
	for n, side := range [][]ref{c.Give, c.Receive} {
		owner := [2]steam.ID64{c.From, c.To}[n]
		for i := range side {
			r := &side[i]
			if r.Context != steam.ContextMain && r.Context != steam.ContextProtected {
				return malformed()
			}
			it := st.items[r.ID]
			if it == nil || it.Until > 0 || it.listed() || st.missing(owner, *r) {
				return &refusal{result: steam.ResultRevoked}
			}
			*r = it.ref()
			protected = protected || st.protection(r.App) > 0
			free = free || st.protection(r.App) == 0
		}
	}
	if protected && free {
		return &refusal{result: steam.ResultAccessDenied}
	}
	return nil
}

// name is what others see.
func (a *account) name() string {
	switch {
	case a.Persona != "":
		return a.Persona
	case a.AccountName != "":
		return a.AccountName
	}
	return a.SteamID.String()
}

func (a *account) sentOpen() int {
	n := 0
	for _, o := range a.openOffers {
		if o.From == a.SteamID {
			n++
		}
	}
	return n
}
