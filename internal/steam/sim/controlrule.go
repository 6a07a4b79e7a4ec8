package sim

import (
	"maps"
	"net/http"

	"github.com/skinrail/skinrail/internal/steam"
)

func (q *call) showSettings([]byte) (any, error) { return q.sim.state.Settings, nil }

// changeSettings changes the members that the body has; limits are changed one
// by one too.
func (q *call) changeSettings(body []byte) (any, error) {
	next := q.sim.state.Settings
	next.Protected, next.Limits = maps.Clone(next.Protected), maps.Clone(next.Limits)
	if err := decodeStrict(body, &next); err != nil {
		return nil, err
	}
	if err := next.check(); err != nil {
		return nil, refuse(http.StatusBadRequest, "%s", err)
	}
	if err := q.sim.do(q.at, &settingsCommand{Settings: next}); err != nil {
		return nil, err
	}
	return next, nil
}

// controlConfirm answers what waits for an offer on its sender's or receiver's
// phone, or in his mail.
func (q *call) controlConfirm(o *offer, body []byte, allow bool) (any, error) {
	if err := decodeStrict(body, &struct{}{}); err != nil {
		return nil, err
	}
	st := q.sim.state
	for _, who := range []steam.ID64{o.From, o.To} {
		for _, c := range st.byID[who].confirms {
			if c.Offer != o.ID {
				continue
			}
			if allow && (q.at >= o.Expires || o.Confirming && st.refuseAccept(o, q.at) != steam.ResultOK) {
				return nil, refuse(http.StatusConflict, "the offer is %s and cannot go on", o.State)
			}
			if err := q.sim.do(q.at, &confirmCommand{IDs: []uint64{c.ID}, Allow: allow}); err != nil {
				return nil, err
			}
			return st.control(o), nil
		}
	}
	return nil, refuse(http.StatusConflict, "nothing waits to be confirmed")
}
