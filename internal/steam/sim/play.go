package sim

import (
	"fmt"
	"slices"

	"github.com/skinrail/skinrail/internal/steam"
)

// play lets a person act on an offer without a session: what accounts may do
// themselves, with the phone confirming by itself. It returns why not, in words
// for people, or an error of the journal.
func (s *Sim) play(verb string, o *offer, at stamp) (why string, err error) {
	switch verb {
	case "accept":
		if o.State == steam.OfferNeedsConfirmation {
			return "the sender has not confirmed the offer yet", nil
		}
		if r := s.state.refuseAccept(o, at); r != steam.ResultOK {
			if r == steam.ResultRevoked && o.open() {
				err = s.do(at, &closeCommand{Offer: o.ID, State: steam.OfferInvalidItems})
			}
			return fmt.Sprintf("the offer is %s and accepting it gives %s", o.State, acceptReason(r)), err
		}
		return "", s.do(at, &acceptCommand{Offer: o.ID, Confirmed: true})
	case "decline":
		if o.State != steam.OfferActive {
			return fmt.Sprintf("the offer is %s, not Active", o.State), nil
		}
		return "", s.do(at, &closeCommand{Offer: o.ID, State: steam.OfferDeclined})
	case "void":
		if !o.open() {
			return fmt.Sprintf("the offer is %s and over", o.State), nil
		}
		return "", s.do(at, &closeCommand{Offer: o.ID, State: steam.OfferInvalid})
	default:
		if !o.open() && o.State != steam.OfferInEscrow {
			return fmt.Sprintf("the offer is %s and cannot be cancelled", o.State), nil
		}
		return "", s.do(at, &closeCommand{Offer: o.ID, State: steam.OfferCanceled})
	}
}

func acceptReason(r steam.Result) string {
	words := map[steam.Result]string{
		steam.ResultInvalidState: "an error, it is not active any more", steam.ResultAlreadyRedeemed: "an error, it is accepted already",
		steam.ResultRevoked: "an error, items are gone", steam.ResultAccessDenied: "an error, one side may not trade",
		steam.ResultLimitExceeded: "an error, an inventory is full",
	}
	return fmt.Sprintf("%s (%d)", words[r], int(r))
}

// counter answers an offer with another one, which its maker confirms at once.
// Without lists of its own it asks for the same exchange.
func (s *Sim) counter(o *offer, give, receive []uint64, at stamp) (made *offer, why string, err error) {
	if o.State != steam.OfferActive || at >= o.Expires {
		return nil, fmt.Sprintf("the offer is %s, not Active", o.State), nil
	}
	c := &sendCommand{From: o.To, To: o.From, Message: o.Message, Counters: o.ID, Give: slices.Clone(o.Receive), Receive: slices.Clone(o.Give)}
	if len(give)+len(receive) > 0 {
		c.Give, c.Receive = s.state.refs(give), s.state.refs(receive)
	}
	if r := s.state.refuseAssets(c); r != nil {
		return nil, "an asset is gone, protected or somebody else's", nil
	}
	if err := s.do(at, c); err != nil {
		return nil, "", err
	}
	return c.made, "", s.confirmMade(c, at)
}

// refs names assets by their ids as they are now; unknown ones stay incomplete.
func (st *state) refs(ids []uint64) []ref {
	var list []ref
	for _, id := range ids {
		r := ref{ID: id, Context: steam.ContextMain}
		if it := st.items[id]; it != nil {
			r = it.ref()
		}
		list = append(list, r)
	}
	return list
}

// takeBack reverses every protected trade of one of a trade's two accounts.
func (s *Sim) takeBack(t *trade, by steam.ID64, at stamp) (why string, err error) {
	switch {
	case t.A != by && t.B != by:
		return fmt.Sprintf("account %s is no party of the trade", by), nil
	case t.Status == steam.TradeProtectionRollback:
		return "the trade is reversed already", nil
	case t.Status != steam.TradeComplete:
		return fmt.Sprintf("the trade has status %d", int(t.Status)), nil
	case t.Settlement == 0:
		return "the trade was never protected", nil
	case t.Settled || at >= t.Settlement:
		return "the protection of the trade has ended", nil
	}
	return "", s.do(at, &reverseCommand{Account: by})
}
