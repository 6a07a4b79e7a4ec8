package sim

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/skinrail/skinrail/internal/steam"
)

// maxOffersPage is how many offers one answer holds, of both lists together.
const maxOffersPage = 500

type offerView struct {
	ID              string           `json:"tradeofferid"`
	Other           uint32           `json:"accountid_other"`
	Message         string           `json:"message"`
	Expires         int64            `json:"expiration_time"`
	State           steam.OfferState `json:"trade_offer_state"`
	Give            []offerAsset     `json:"items_to_give,omitempty"`
	Receive         []offerAsset     `json:"items_to_receive,omitempty"`
	Ours            bool             `json:"is_our_offer"`
	Created         int64            `json:"time_created"`
	Updated         int64            `json:"time_updated"`
	TradeID         string           `json:"tradeid,omitempty"`
	RealTime        bool             `json:"from_real_time_trade"`
	EscrowEnd       int64            `json:"escrow_end_date"`
	Confirmation    int              `json:"confirmation_method"`
	EResult         steam.Result     `json:"eresult"`
	DelaySettlement bool             `json:"delay_settlement"`
	SettlementDate  int64            `json:"settlement_date,omitempty"`
}

type offerAsset struct {
	asset
	Missing bool   `json:"missing"`
	EstUSD  string `json:"est_usd"`
}

// view is the offer as the account sees it: late by what a fault says.
func (q *call) view(o *offer, me *account) offerView {
	v := q.sim.state.view(o, me)
	if past, ok := o.asOf(q.at - q.late); ok && q.late > 0 && past.State != o.State {
		v.State, v.Updated = past.State, past.At.seconds()
		if past.State != steam.OfferAccepted && past.State != steam.OfferInEscrow {
			v.TradeID, v.EscrowEnd, v.DelaySettlement, v.SettlementDate = "", 0, false, 0
		}
	}
	return v
}

// known reports whether the account can know the offer by now.
func (q *call) known(o *offer, me *account) bool {
	past, ok := o.asOf(q.at - q.late)
	return ok && o.visible(me) && (o.From == me.SteamID || past.State != steam.OfferNeedsConfirmation)
}

// view is the offer as the account would see it without delay.
func (st *state) view(o *offer, me *account) offerView {
	out := offerView{
		ID: decimal(o.ID), Message: o.Message, Expires: o.Expires.seconds(), State: o.State, Ours: o.From == me.SteamID,
		Created: o.Created.seconds(), Updated: o.Updated.seconds(), EResult: steam.ResultOK,
	}
	if o.State == steam.OfferInEscrow {
		out.EscrowEnd = o.EscrowEnd.seconds()
	}
	if t := st.trades[o.Trade]; t != nil {
		out.TradeID = decimal(t.ID)
		if t.Settlement > 0 {
			out.DelaySettlement, out.SettlementDate = true, t.Settlement.seconds()
		}
	}
	give, receive, other := o.Give, o.Receive, o.To
	if !out.Ours {
		give, receive, other = o.Receive, o.Give, o.From
	}
	out.Other = other.Account()
	out.Give, out.Receive = st.offerAssets(give, me.SteamID), st.offerAssets(receive, other)
	if out.Ours && o.State == steam.OfferNeedsConfirmation || !out.Ours && o.Confirming {
		out.Confirmation = st.byID[me.SteamID].confirmsBy()
	}
	return out
}

func (st *state) offerAssets(refs []ref, owner steam.ID64) []offerAsset {
	list := make([]offerAsset, 0, len(refs))
	for _, r := range refs {
		list = append(list, offerAsset{asset: r.asset(), Missing: st.missing(owner, r), EstUSD: "100"})
	}
	return list
}

func (r ref) asset() asset {
	return asset{AppID: r.App, ContextID: r.Context, AssetID: decimal(r.ID), ClassID: r.Class, InstanceID: r.Instance, Amount: "1"}
}

// visible hides from the receiver what was never confirmed.
func (o *offer) visible(me *account) bool {
	return o.From == me.SteamID || o.To == me.SteamID && o.Shown
}

// truth reads the booleans of the Web API.
func (q *call) truth(name string) bool {
	v := strings.ToLower(q.r.FormValue(name))
	return v == "1" || v == "true"
}

func (q *call) integer(name string) int64 {
	n, err := strconv.ParseInt(q.r.FormValue(name), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func (q *call) listOffers() (reply, error) {
	me, byKey := q.bearer()
	switch {
	case me == nil:
		return apiDenied(), nil
	case byKey:
		return api(map[string]any{"next_cursor": 0}), nil
	}
	list := q.chosenOffers(me)
	start := int(q.integer("cursor"))
	end := min(len(list), start+max(1, q.sim.state.limit(limitOffersPage)))
	out := map[string]any{"next_cursor": 0}
	if start < 0 || start >= len(list) {
		return api(out), nil
	}
	if end < len(list) {
		out["next_cursor"] = end
	}
	var sent, received []offerView
	for _, o := range list[start:end] {
		if o.From == me.SteamID {
			sent = append(sent, q.view(o, me))
		} else {
			received = append(received, q.view(o, me))
		}
	}
	if len(sent) > 0 {
		out["trade_offers_sent"] = sent
	}
	if len(received) > 0 {
		out["trade_offers_received"] = received
	}
	if q.described() {
		out["descriptions"] = q.offerDescriptions(list[start:end])
	}
	return api(out), nil
}

// chosenOffers are the offers the parameters ask for, newest first. Only what
// changed after the cutoff and what is open is looked at.
func (q *call) chosenOffers(me *account) []*offer {
	activeOnly, pastOnly := q.truth("active_only"), q.truth("historical_only")
	sent, received := q.truth("get_sent_offers"), q.truth("get_received_offers")
	cutoff := q.integer("time_historical_cutoff") // means something for active_only alone
	if !activeOnly {
		cutoff = 0
	}
	wanted := func(o *offer) bool {
		return q.known(o, me) && (o.From == me.SteamID && sent || o.To == me.SteamID && received)
	}
	var list []*offer
	if !pastOnly {
		for _, o := range me.openOffers {
			if wanted(o) {
				list = append(list, o)
			}
		}
	}
	for _, o := range slices.Backward(me.updates) {
		if o.Updated.seconds() < cutoff && o.Updated <= q.at-q.late {
			break
		}
		if !o.open() && wanted(o) && (cutoff > 0 || !activeOnly) {
			list = append(list, o)
		}
	}
	slices.SortFunc(list, func(x, y *offer) int { return cmp.Compare(y.ID, x.ID) })
	return list
}

// described reports whether descriptions are asked for: they need a language.
func (q *call) described() bool {
	return q.truth("get_descriptions") && q.r.FormValue("language") != ""
}

func (q *call) offerDescriptions(list []*offer) []description {
	var refs []ref
	for _, o := range list {
		refs = append(refs, o.assets()...)
	}
	return q.sim.state.descriptions(refs)
}

// descriptions are one per class and instance, in IEconService's form.
func (st *state) descriptions(refs []ref) []description {
	seen := map[classInstance]bool{}
	list := []description{}
	for _, r := range refs {
		key := classInstance{r.Class, r.Instance}
		c := st.byClass[r.Class]
		if seen[key] || c == nil {
			continue
		}
		seen[key] = true
		list = append(list, c.describe(r.Instance).inBooleans())
	}
	return list
}

func (q *call) oneOffer() (reply, error) {
	me, byKey := q.bearer()
	switch {
	case me == nil:
		return apiDenied(), nil
	case byKey:
		return api(struct{}{}), nil
	}
	id, _ := strconv.ParseUint(q.r.FormValue("tradeofferid"), 10, 64) // 0 is no offer
	o := q.sim.state.offers[id]
	if o == nil || !q.known(o, me) {
		return apiFailure(steam.ResultNoMatch), nil
	}
	if err := q.discover(o); err != nil {
		return reply{}, err
	}
	out := map[string]any{"offer": q.view(o, me)}
	if q.described() {
		out["descriptions"] = q.offerDescriptions([]*offer{o})
	}
	return api(out), nil
}

func (q *call) offersSummary() (reply, error) {
	me, byKey := q.bearer()
	switch {
	case me == nil:
		return apiDenied(), nil
	case byKey:
		return api(struct{}{}), nil
	}
	since := q.integer("time_last_visit")
	n := map[string]int{
		"pending_received_count": 0, "new_received_count": 0, "updated_received_count": 0, "historical_received_count": 0,
		"pending_sent_count": 0, "newly_accepted_sent_count": 0, "updated_sent_count": 0, "historical_sent_count": 0,
		"escrow_received_count": 0, "escrow_sent_count": 0,
	}
	for _, o := range me.updates {
		if !o.visible(me) {
			continue
		}
		side := "received"
		if o.From == me.SteamID {
			side = "sent"
		}
		fresh := o.Updated.seconds() > since
		switch {
		case o.open():
			n["pending_"+side+"_count"]++
			n["new_received_count"] += bit(side == "received" && o.Created.seconds() > since)
		case o.State == steam.OfferInEscrow:
			n["escrow_"+side+"_count"]++
		default:
			n["historical_"+side+"_count"]++
			n["newly_accepted_sent_count"] += bit(side == "sent" && fresh && o.State == steam.OfferAccepted)
		}
		n["updated_"+side+"_count"] += bit(fresh)
	}
	return api(n), nil
}
