package sim

import (
	"net/http"
	"strconv"

	"github.com/skinrail/skinrail/internal/steam"
)

// pathOffer is the offer that {id} names, or nil.
func (q *call) pathOffer() *offer {
	id, err := strconv.ParseUint(q.r.PathValue("id"), 10, 64)
	if err != nil {
		return nil
	}
	return q.sim.state.offers[id]
}

func (q *call) acceptOffer() (reply, error) {
	me := q.session()
	if me == nil || !q.form() {
		return null(http.StatusForbidden), nil
	}
	o := q.pathOffer()
	r := steam.ResultInvalidState
	switch {
	case o == nil || o.To != me.SteamID || q.r.PostFormValue("partner") != o.From.String():
	default:
		r = q.sim.state.refuseAccept(o, q.at)
	}
	if r == steam.ResultRevoked {
		if err := q.discover(o); err != nil {
			return reply{}, err
		}
	}
	if r != steam.ResultOK {
		return refusal{result: r}.reply("accept"), nil
	}
	if !o.Confirming {
		if err := q.sim.do(q.at, &acceptCommand{Offer: o.ID}); err != nil {
			return reply{}, err
		}
	}
	out := map[string]any{"tradeid": nil}
	if o.Trade != 0 {
		out["tradeid"] = decimal(o.Trade)
	} else {
		me.needConfirmation(out)
	}
	return document(out), nil
}

// discover ends an open offer whose items are gone: Steam notices at the latest
// when somebody touches it.
func (q *call) discover(o *offer) error {
	if !o.open() || q.sim.state.present(o) {
		return nil
	}
	return q.sim.do(q.at, &closeCommand{Offer: o.ID, State: steam.OfferInvalidItems})
}

func (q *call) cancelOffer() (reply, error)  { return q.closeOffer(steam.OfferCanceled) }
func (q *call) declineOffer() (reply, error) { return q.closeOffer(steam.OfferDeclined) }

func (q *call) closeOffer(to steam.OfferState) (reply, error) {
	me := q.session()
	if me == nil || !q.form() {
		return null(http.StatusUnauthorized), nil
	}
	o := q.pathOffer()
	if o == nil || !o.closable(me, to, true) {
		return refusal{result: steam.ResultInvalidState}.reply(q.route.endpoint), nil
	}
	if err := q.sim.do(q.at, &closeCommand{Offer: o.ID, State: to, By: me.SteamID}); err != nil {
		return reply{}, err
	}
	return document(map[string]string{"tradeofferid": decimal(o.ID)}), nil
}

// closable reports whether the account may cancel or decline. Held trades are
// cancelled by either side, on the site only.
func (o *offer) closable(me *account, to steam.OfferState, site bool) bool {
	if o.State == steam.OfferInEscrow {
		return site && (o.From == me.SteamID || o.To == me.SteamID)
	}
	if to == steam.OfferDeclined {
		return o.To == me.SteamID && o.State == steam.OfferActive
	}
	return o.From == me.SteamID && o.open()
}

func (q *call) apiCancel() (reply, error)  { return q.apiClose(steam.OfferCanceled) }
func (q *call) apiDecline() (reply, error) { return q.apiClose(steam.OfferDeclined) }

// apiClose answers the same whatever happens.
func (q *call) apiClose(to steam.OfferState) (reply, error) {
	me, _ := q.bearer()
	if me == nil {
		return apiDenied(), nil
	}
	id, err := strconv.ParseUint(q.r.FormValue("tradeofferid"), 10, 64)
	if err != nil {
		return api(struct{}{}), nil
	}
	if o := q.sim.state.offers[id]; o != nil && o.closable(me, to, false) {
		if err := q.sim.do(q.at, &closeCommand{Offer: o.ID, State: to}); err != nil {
			return reply{}, err
		}
	}
	return api(struct{}{}), nil
}

func (q *call) acknowledge() (reply, error) {
	me := q.session()
	if me == nil || !q.form() {
		return q.toLogin(), nil
	}
	if !me.Acknowledged {
		if err := q.sim.do(q.at, &acknowledgeCommand{Account: me.SteamID}); err != nil {
			return reply{}, err
		}
	}
	return redirect(q.base(community) + "/profiles/" + me.SteamID.String() + "/"), nil
}

func (q *call) newTradeURL() (reply, error) {
	me := q.session()
	if me == nil || !q.form() || me != q.pathAccount() {
		return null(http.StatusUnauthorized), nil
	}
	if err := q.sim.do(q.at, &tokenCommand{Account: me.SteamID}); err != nil {
		return reply{}, err
	}
	return document(me.TradeToken), nil
}
