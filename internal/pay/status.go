package pay

import (
	"encoding/json"
	"strings"

	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/pay/page"
	"github.com/skinrail/skinrail/internal/trade"
)

// Status is what the page's script asks for every few seconds. Whoever has the
// same Key as before has nothing to draw anew.
type Status struct {
	Key          string     `json:"key"`
	Status       string     `json:"status"` // open, wait, offer, or the merchant's word for the result
	Wire         string     `json:"wire"`   // the merchant's word
	Stage        page.Stage `json:"stage"`
	Live         bool       `json:"live"` // the state can be drawn in place
	Step         page.Step  `json:"step"`
	URL          string     `json:"url"`
	Again        int        `json:"again"` // seconds until it is worth asking again; 0: never
	OfferSeconds int        `json:"offer_seconds"`
	LinkSeconds  int        `json:"link_seconds"`
}

// status answers JSON, or with Accept: text/html the state drawn.
func (d *Door) status(v *visit) error {
	if err := v.load(); err != nil {
		return err
	}
	if !strings.Contains(v.r.Header.Get("Accept"), "application/json") && v.shows() {
		view, err := v.following()
		if err != nil {
			return err
		}
		return v.draw(200, page.LiveFragment(view))
	}
	s, err := v.state()
	if err != nil {
		return err
	}
	body, err := json.Marshal(s)
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "application/json")
	_, _ = v.w.Write(body) // who went away will ask again
	return nil
}

// shows reports whether the state is one that is drawn in place.
func (v *visit) shows() bool { return v.deposit.State != deposit.Open || v.expired() }

func (v *visit) state() (Status, error) {
	s := Status{Status: "open", Wire: v.wire(), Stage: v.stage(), Live: v.shows(), Step: v.step(), URL: "/pay/" + v.deposit.Hash + "/", Again: 2}
	var t trade.Trade
	var err error
	switch {
	case v.deposit.State == deposit.Trading:
		if t, err = v.trade(); err != nil {
			return s, err
		}
		s.Status = "wait"
		if v.offered(t) {
			s.Status, s.OfferSeconds = "offer", seconds(t.Deadline.Sub(v.now))
		}
		s.Key = v.key(v.traded(t))
		return s, nil
	case s.Live:
		s.Status, s.Again = v.result().Status, 15
		if v.deposit.State.Ended() {
			s.Again = 0
		}
	default:
		s.LinkSeconds = seconds(v.deposit.ExpiresAt.Sub(v.now))
	}
	s.Key = v.key("")
	return s, nil
}

// wire is the merchant's word for the state of the deposit.
func (v *visit) wire() string {
	if v.shows() && v.deposit.State != deposit.Trading {
		return v.result().Status
	}
	return "pending"
}

// stage is what a pending payment waits for.
func (v *visit) stage() page.Stage {
	switch {
	case v.deposit.State == deposit.Trading && v.deposit.OfferAt.IsZero():
		return page.StageSending
	case v.deposit.State == deposit.Trading:
		return page.StageOffer
	case v.shows():
		return page.StageDone
	}
	return page.StageChoosing
}
