package pay

import (
	"net/url"
	"time"

	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/pay/page"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

// live draws what becomes of the trade, and the end.
func (v *visit) live() error {
	view, err := v.following()
	if err != nil {
		return err
	}
	return v.draw(200, page.LivePage(view))
}

// following is the part of the page that changes by itself.
func (v *visit) following() (page.Live, error) {
	if v.deposit.State != deposit.Trading {
		r := v.result()
		view := page.Live{Frame: v.frame(r.Heading, page.StepDone), Result: &r}
		view.Key = v.key("")
		if v.deposit.State.Ended() {
			view.Watch = ""
		} else {
			view.Refresh = 60
		}
		return view, nil
	}
	t, err := v.trade()
	if err != nil {
		return page.Live{}, err
	}
	view := page.Live{Frame: v.frame(page.TitleWait, page.StepOffer)}
	view.Key, view.Refresh = v.key(v.traded(t)), 5
	if v.offered(t) {
		o := v.offer(t)
		view.Title, view.Offer = page.TitleOffer, &o
		return view, nil
	}
	w := v.wait(t)
	view.Title, view.Wait = w.Heading, &w
	return view, nil
}

func (v *visit) trade() (trade.Trade, error) {
	if v.deposit.TradeID == 0 {
		return trade.Trade{}, nil
	}
	return v.door.Trades.ByID(v.ctx(), v.deposit.TradeID)
}

// traded is the trade's part of the key.
func (v *visit) traded(t trade.Trade) string {
	if t.State == trade.Active && !v.offered(t) {
		return "ending"
	}
	return string(t.State)
}

// offered reports whether the payer can still accept.
func (v *visit) offered(t trade.Trade) bool {
	return t.State == trade.Active && t.Deadline.After(v.now)
}

func (v *visit) wait(t trade.Trade) page.Wait {
	switch t.State {
	case trade.Unknown:
		return page.Wait{Heading: page.TitleUnclear, Sentence: page.WaitUnclear, Code: t.Reference}
	case trade.Escrow:
		return page.Wait{Heading: page.WaitEscrowHeading, Sentence: page.WaitEscrow}
	case trade.Accepted, trade.Settled, trade.Review:
		return page.Wait{Heading: page.WaitReceived, Sentence: page.WaitReceivedWhy}
	case trade.Active:
		return page.Wait{Heading: page.WaitEnding, Sentence: page.WaitEndingWhy}
	}
	return page.Wait{Heading: page.TitleWait, Sentence: page.WaitSend, Code: t.Reference}
}

func (v *visit) offer(t trade.Trade) page.Offer {
	bot := v.door.profile(v.ctx(), t.Bot)
	if bot.Name == "" {
		bot.Name = v.persona(t.Bot)
	}
	o := page.Offer{URL: v.door.CommunityURL + "/tradeoffer/" + url.PathEscape(string(t.OfferID)) + "/", ID: string(t.OfferID),
		Code: t.Reference, Bot: page.Plain(bot.Name), Level: bot.Level, SteamHost: v.door.communityHost,
		Seconds: seconds(t.Deadline.Sub(v.now)), Items: v.fixed(v.deposit.Items), Total: v.text(v.deposit.Amount, v.shown())}
	if !bot.Joined.IsZero() {
		o.Joined = page.Date(bot.Joined)
	}
	return o
}

// persona is the bot's name as we know it, when Steam does not tell.
func (v *visit) persona(id steam.ID64) string {
	bots, err := v.door.Fleet.Bots(v.ctx())
	if err != nil {
		v.door.Logger.ErrorContext(v.ctx(), "payment page", "deposit", v.deposit.ID, "error", err)
	}
	for _, b := range bots {
		if b.ID == id && b.Persona != "" {
			return b.Persona
		}
	}
	return id.String()
}

// refusals are the sentences for an offer that could not be made or that broke,
// by the reason stored.
var refusals = map[string]string{
	deposit.ReasonCanceled:             page.ResultCanceled,
	deposit.ReasonTimeout:              page.ResultTimeout,
	deposit.ReasonExpired:              page.ResultExpired,
	deposit.ReasonRollback:             page.ResultReversed,
	trade.ReasonEscrow:                 page.ResultEscrow,
	trade.ReasonElsewhere:              page.ResultElsewhere,
	trade.ReasonEarly:                  page.ResultEarly,
	trade.ReasonMoved:                  page.ResultMoved,
	trade.ReasonItemsGone:              page.ResultItemsGone,
	string(steam.RefusedTradeURL):      page.ResultTradeURL,
	string(steam.RefusedPartnerTrade):  page.ResultNoTrade,
	string(steam.RefusedPrivate):       page.ResultPrivate,
	string(steam.RefusedTooManyOffers): page.ResultOffers,
}

// result is how the deposit stands once its trade is done, in the payer's words
// and with the merchant's name of the state.
func (v *visit) result() page.Result {
	d := v.deposit
	r := page.Result{}
	back := d.SuccessURL
	switch d.State {
	case deposit.Held:
		r.Status, r.Tone, r.Heading, r.Sentence = "in_hold", page.Waiting, page.TitleHeld, page.ResultHeld
		r.Until, r.UntilText = d.HoldUntil.UTC().Format(time.RFC3339), page.Moment(d.HoldUntil)
	case deposit.Approved:
		r.Status, r.Tone, r.Heading, r.Sentence = "hold_approved", page.Good, page.TitleApproved, page.ResultApproved
	case deposit.Credited:
		r.Status, r.Tone, r.Heading, r.Sentence = "success", page.Good, page.TitleCredited, page.ResultCredited
	case deposit.Returned:
		r.Status, r.Tone, r.Heading, r.Sentence = "hold_returned", page.Bad, page.TitleReturned, page.ResultReturned
		back = d.FailURL
	default:
		v.failed(&r)
		back = d.FailURL
	}
	if r.Tone != page.Bad { // what was not given is worth nothing here
		c := v.shown()
		r.Items, r.Total, r.Credit = v.fixed(d.Items), v.text(d.Amount, c), v.credit(d.Amount, c)
	}
	r.Back, r.BackHost = returnLink(back)
	return r
}

func (v *visit) failed(r *page.Result) {
	reason := v.deposit.Reason
	if v.expired() {
		reason = deposit.ReasonExpired
	}
	r.Status, r.Tone, r.Heading, r.Sentence = "fail", page.Bad, page.TitleFailed, refusals[reason]
	r.Again = true
	switch reason {
	case deposit.ReasonExpired:
		r.Heading, r.Again = page.TitleExpired, false // its sentence says so already
	case deposit.ReasonRollback:
		r.Heading, r.Again = page.TitleReversed, false
		r.Advice = []string{page.AdviceStranger, page.AdviceKey, page.AdvicePassword}
	case trade.ReasonElsewhere, trade.ReasonEarly, trade.ReasonMoved:
		r.Heading, r.Again = page.TitleWarning, false
		r.Advice = []string{page.AdviceStranger, page.AdviceKey, page.AdvicePassword}
	case deposit.ReasonCanceled:
		r.Advice = []string{page.AdviceNotYou, page.AdviceKey, page.AdvicePassword}
	}
	if r.Sentence == "" {
		r.Sentence = page.ResultOther
	}
	if len(r.Advice) > 0 {
		r.KeyPage, r.SteamHost = v.door.CommunityURL+"/dev/apikey", v.door.communityHost
	}
}

// returnLink is the merchant's page and the host it is on; only the web's own
// schemes lead anywhere.
func returnLink(to string) (link, host string) {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return "", ""
	}
	return to, page.Plain(u.Host)
}
