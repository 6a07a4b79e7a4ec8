package sim

import (
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"github.com/skinrail/skinrail/internal/steam"
)

// tradePage is what the pages of a new and of an existing offer hold: the
// variables that clients read, and what people see.
type tradePage struct {
	Title                      string
	MyContexts, TheirContexts  template.JS
	MyName, TheirName          string
	MyID, TheirID              string
	MyMini, TheirMini          string
	MyAvatar, TheirAvatar      string
	Probation                  bool
	MyEscrow, TheirEscrow      template.JS
	BothEscrow                 template.JS
	OfferID, Message, State    string
	Give, Receive              []shownItem
	CanAnswer, CanCancel, Sent bool
}

type shownItem struct {
	Name, Phase, Color, Kind, Icon string
	Missing                        bool
}

// viewer is the account a page is for: a session, else the person who signed in.
func (q *call) viewer() *account {
	if a := q.session(); a != nil {
		return a
	}
	return q.signedIn()
}

func (q *call) tradePage(me, other *account) tradePage {
	days := func(n int) template.JS { return template.JS(strconv.Itoa(n)) }
	return tradePage{
		MyContexts: me.appContexts(true), TheirContexts: other.appContexts(false), MyName: me.name(), TheirName: other.name(),
		MyID: me.SteamID.String(), TheirID: other.SteamID.String(), Probation: other.Probation || q.at < other.CooldownUntil,
		MyMini: decimal(uint64(me.SteamID.Account())), TheirMini: decimal(uint64(other.SteamID.Account())),
		MyAvatar: q.avatar(me) + ".jpg", TheirAvatar: q.avatar(other) + ".jpg",
		MyEscrow: days(me.hold(other)), TheirEscrow: days(other.hold(me)), BothEscrow: days(max(me.hold(other), other.hold(me))),
	}
}

func (q *call) newOfferPage() (reply, error) {
	me := q.viewer()
	if me == nil {
		return q.toLogin(), nil
	}
	id, err := steam.ParseAccount(q.r.FormValue("partner"))
	to := q.sim.state.byID[id]
	switch {
	case err != nil || to == nil || to == me:
		return refusedPage("The trade offer you are trying to send is not valid."), nil
	case q.r.FormValue("token") != to.TradeToken && !friends(me, to):
		return refusedPage("This Trade URL is no longer valid for sending a trade offer to " + to.name() + "."), nil
	}
	if r := refusePeople(me, to, q.at); r != nil {
		return refusedPage(r.sentence()), nil
	}
	p := q.tradePage(me, to)
	p.Title = "Trade offer with " + to.name()
	return page(pages.offer, p), nil
}

func (r refusal) sentence() string {
	if r.text != "" {
		return r.text
	}
	return resultText(sentence("send"), r.result)
}

func (q *call) offerPage() (reply, error) {
	me := q.viewer()
	if me == nil {
		return q.toLogin(), nil
	}
	o := q.pathOffer()
	if o == nil || !o.visible(me) {
		return refusedPage("The trade offer is not available to " + me.name() + "."), nil
	}
	if err := q.discover(o); err != nil {
		return reply{}, err
	}
	st := q.sim.state
	give, receive, other := o.Give, o.Receive, o.To
	if o.To == me.SteamID {
		give, receive, other = o.Receive, o.Give, o.From
	}
	p := q.tradePage(me, st.byID[other])
	p.Title = "Trade offer with " + p.TheirName
	p.OfferID, p.Message, p.State = decimal(o.ID), o.Message, o.State.String()
	p.Give, p.Receive = st.shown(give, me.SteamID), st.shown(receive, other)
	p.Sent = o.From == me.SteamID
	p.CanAnswer = !p.Sent && o.State == steam.OfferActive && q.at < o.Expires
	p.CanCancel = p.Sent && o.open()
	return page(pages.offer, p), nil
}

func (st *state) shown(refs []ref, owner steam.ID64) []shownItem {
	list := make([]shownItem, 0, len(refs))
	for _, r := range refs {
		c := st.byClass[r.Class]
		list = append(list, shownItem{c.Name, c.Phase, c.look.nameColor, c.look.kind, c.look.icon, st.missing(owner, r)})
	}
	return list
}

// answerOffer is the buttons of the offer's page. The person's phone is taken
// to confirm by itself.
func (q *call) answerOffer() (reply, error) {
	me := q.signedIn()
	if me == nil {
		return q.toLogin(), nil
	}
	q.account = me
	o := q.pathOffer()
	if o == nil || !o.visible(me) {
		return refusedPage("The trade offer is not available to " + me.name() + "."), nil
	}
	verb := q.r.PostFormValue("do")
	if verb == "cancel" && o.From != me.SteamID || verb != "cancel" && o.To != me.SteamID {
		return refusedPage("Only the other side can do this."), nil
	}
	if verb != "accept" && verb != "decline" && verb != "cancel" {
		return null(http.StatusBadRequest), nil
	}
	why, err := q.sim.play(verb, o, q.at)
	if err != nil {
		return reply{}, err
	}
	if why != "" {
		return refusedPage("There was an error: " + why + "."), nil
	}
	p := redirect(q.base(community) + "/tradeoffer/" + decimal(o.ID) + "/")
	p.status = http.StatusSeeOther
	return p, nil
}

type receiptItem struct {
	Index int
	Data  template.JS
	Name  string
}

// receiptPage shows what a participant received, under its new asset ids.
func (q *call) receiptPage() (reply, error) {
	me := q.viewer()
	if me == nil {
		return q.toLogin(), nil
	}
	st := q.sim.state
	id, _ := strconv.ParseUint(q.r.PathValue("id"), 10, 64) // 0 is no trade
	t := st.trades[id]
	if !t.of(me) {
		return refusedPage("The trade receipt is not available."), nil
	}
	received := t.FromB
	if t.B == me.SteamID {
		received = t.FromA
	}
	var items []receiptItem
	for i, m := range received {
		if m.NewID == 0 {
			continue
		}
		c := st.byClass[m.Class]
		items = append(items, receiptItem{i, receiptData(c, m, st.items[m.NewID]), c.Name})
	}
	return page(pages.receipt, map[string]any{"Title": "Trade receipt", "Items": items}), nil
}

// receiptData shows a received asset as it is now, or was last.
func receiptData(c *class, m moved, now *item) template.JS {
	instance := m.Instance
	if now != nil {
		instance = now.instance()
	}
	d := c.describe(instance).inBooleans()
	return script(struct {
		ID        string `json:"id"`
		ContextID string `json:"contextid"`
		Amount    string `json:"amount"`
		description
	}{decimal(m.NewID), m.NewContext, "1", d})
}

// followToken is the address that /jwt/refresh leads to: it sets the cookie and
// goes on to where that was asked for, if it is a place of the community.
func (q *call) followToken() (reply, error) {
	p, err := q.setToken()
	if err != nil || p.header == nil {
		return p, err
	}
	to := q.r.FormValue("redir")
	if !strings.HasPrefix(to, q.base(community)+"/") {
		to = q.base(community) + "/"
	}
	on := redirect(to)
	on.header["Set-Cookie"] = p.header["Set-Cookie"]
	return on, nil
}
