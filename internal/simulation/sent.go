package simulation

import (
	"bytes"
	"net/http"
	"net/url"

	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

// sends is called before an offer is sent. One that stands is not sent again,
// whatever Steam said, unless a list has left it out (I11).
func (r *run) sends(q *http.Request) {
	body, err := q.GetBody()
	if err != nil {
		r.fail("read what is sent: %v", err)
	}
	form, err := url.ParseQuery(string(drain(body)))
	if err != nil {
		r.fail("read what is sent: %v", err)
	}
	reference := trade.ReferenceIn(form.Get("tradeoffermessage"))
	r.gone(reference, "is sent again")
	r.unseen[reference] = false
}

// looks notes which offers a list leaves out that the gateway has been answered
// with.
func (r *run) looks(a *http.Response) {
	list, arrives := a.Body.(text)
	if !arrives || a.StatusCode != http.StatusOK {
		return
	}
	for reference, unseen := range r.unseen {
		if !unseen && !bytes.Contains(list.all, []byte(reference)) {
			r.unseen[reference] = true
		}
	}
}

// over is called when a trade has ended and its partner has not accepted: then
// no offer of it stands (I11).
func (r *run) over(reference string) {
	r.gone(reference, "has ended")
	delete(r.unseen, reference)
}

// gone fails when Steam has an offer of a trade that the gateway believes gone
// without reason. A twin of it may still be open: it is looked for and canceled.
func (r *run) gone(reference, but string) {
	if unseen, sent := r.unseen[reference]; !sent || unseen {
		return
	}
	var made []offer
	for _, bot := range r.bots {
		made = append(made, r.offersOf(bot, reference)...)
	}
	for _, o := range made {
		switch o.State {
		case "Accepted":
			if !r.stands(o.Trade) {
				continue
			}
		case "InEscrow":
		case "Active", "CreatedNeedsConfirmation":
			if len(made) > 1 {
				continue
			}
		default:
			continue
		}
		r.fail("I11: the trade of %s %s, offer %s is %s and no list has left it out", reference, but, o.ID, o.State)
	}
}

// offersOf are those of a bot whose text begins so, the newest first.
func (r *run) offersOf(bot steam.ID64, begins string) []offer {
	var list struct{ Offers []offer }
	q := url.Values{"partner": {bot.String()}, "message": {begins}}
	if status, text := r.wire.control(http.MethodGet, "/sim/offers?"+q.Encode(), nil, &list); status != http.StatusOK {
		r.fail("offers of %s: %s", bot, text)
	}
	return list.Offers
}
