package sim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/skinrail/skinrail/internal/steam"
)

// controlOfferView is an offer as the control paths show it: from nobody's
// point of view.
type controlOfferView struct {
	ID         string           `json:"tradeofferid"`
	From       string           `json:"from"`
	To         string           `json:"to"`
	Message    string           `json:"message"`
	State      steam.OfferState `json:"state"`
	StateName  string           `json:"state_name"`
	Created    string           `json:"created"`
	Updated    string           `json:"updated"`
	Expires    string           `json:"expires"`
	Trade      string           `json:"tradeid,omitempty"`
	Confirming bool             `json:"receiver_must_confirm,omitempty"`
	Give       []controlItem    `json:"give"`
	Receive    []controlItem    `json:"receive"`
}

type controlItem struct {
	App     steam.AppID `json:"app"`
	Context string      `json:"context"`
	Asset   string      `json:"assetid"`
	Name    string      `json:"name"`
	Phase   string      `json:"phase,omitempty"`
}

func (st *state) control(o *offer) controlOfferView {
	v := controlOfferView{
		ID: decimal(o.ID), From: o.From.String(), To: o.To.String(), Message: o.Message, State: o.State, StateName: o.State.String(),
		Created: o.Created.time().Format(timeForm), Updated: o.Updated.time().Format(timeForm), Expires: o.Expires.time().Format(timeForm),
		Confirming: o.Confirming, Give: []controlItem{}, Receive: []controlItem{},
	}
	if o.Trade != 0 {
		v.Trade = decimal(o.Trade)
	}
	for _, r := range o.Give {
		v.Give = append(v.Give, st.controlItem(r))
	}
	for _, r := range o.Receive {
		v.Receive = append(v.Receive, st.controlItem(r))
	}
	return v
}

func (st *state) controlItem(r ref) controlItem {
	c := st.byClass[r.Class]
	return controlItem{App: r.App, Context: r.Context, Asset: decimal(r.ID), Name: c.Name, Phase: c.Phase}
}

type controlTradeView struct {
	ID         string            `json:"tradeid"`
	Offer      string            `json:"tradeofferid,omitempty"`
	A          string            `json:"from"`
	B          string            `json:"to"`
	Status     steam.TradeStatus `json:"status"`
	Init       string            `json:"init"`
	Settlement string            `json:"settlement,omitempty"`
	Settled    bool              `json:"settled"`
	Rollback   string            `json:"rollback_trade,omitempty"`
	FromA      []tradeAsset      `json:"given_by_from"`
	FromB      []tradeAsset      `json:"given_by_to"`
}

func (t *trade) control() controlTradeView {
	v := controlTradeView{
		ID: decimal(t.ID), A: t.A.String(), B: t.B.String(), Status: t.Status, Init: t.Init.time().Format(timeForm),
		Settled: t.Settled, FromA: tradeAssets(t.FromA), FromB: tradeAssets(t.FromB),
	}
	if t.Offer != 0 {
		v.Offer = decimal(t.Offer)
	}
	if t.Settlement != 0 {
		v.Settlement = t.Settlement.time().Format(timeForm)
	}
	if t.Rollback != 0 {
		v.Rollback = decimal(t.Rollback)
	}
	return v
}

// decodeStrict reads one JSON document into v. Unknown and repeated keys, and
// text after the document, are refused; no body at all is fine.
func decodeStrict(body []byte, v any) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	if err := refuseRepeated(body); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return refuse(http.StatusBadRequest, "body: %s", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return refuse(http.StatusBadRequest, "body: text after the document")
	}
	return nil
}

// refuseRepeated finds keys that occur twice in one object.
func refuseRepeated(body []byte) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	type level struct {
		keys  map[string]bool // nil in arrays
		value bool            // the next token is a value
	}
	var open []level
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return refuse(http.StatusBadRequest, "body: %s", err)
		}
		if text, ok := token.(string); ok && len(open) > 0 && open[len(open)-1].keys != nil && !open[len(open)-1].value {
			top := &open[len(open)-1]
			if top.keys[text] {
				return refuse(http.StatusBadRequest, "body: key %q is given twice", clip(text))
			}
			top.keys[text], top.value = true, true
			continue
		}
		if token == json.Delim('}') || token == json.Delim(']') {
			open = open[:len(open)-1]
		}
		if token == json.Delim('{') || token == json.Delim('[') {
			one := level{}
			if token == json.Delim('{') {
				one.keys = map[string]bool{}
			}
			open = append(open, one)
			continue
		}
		if len(open) > 0 {
			open[len(open)-1].value = false
		}
	}
}

// readFaults takes one fault or an array of them.
func readFaults(body []byte) ([]Fault, error) {
	var list []Fault
	if text := bytes.TrimSpace(body); len(text) > 0 && text[0] == '{' {
		body = slices.Concat([]byte("["), text, []byte("]"))
	}
	if err := decodeStrict(body, &list); err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, refuse(http.StatusBadRequest, "body: want a fault or an array of faults")
	}
	for i := range list {
		if err := list[i].check(); err != nil {
			return nil, refuse(http.StatusBadRequest, "fault %d: %s", i+1, err)
		}
	}
	return list, nil
}

// clip keeps hostile input out of answers beyond a glimpse.
func clip(s string) string {
	if len(s) > 40 {
		return fmt.Sprintf("%.40s…", s)
	}
	return s
}
