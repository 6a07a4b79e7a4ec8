package sim

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/skinrail/skinrail/internal/steam"
)

// statusError is an answer of the control paths that is not success.
type statusError struct {
	status int
	text   string
}

func (e *statusError) Error() string { return e.text }

func refuse(status int, format string, args ...any) error {
	return &statusError{status, fmt.Sprintf(format, args...)}
}

// controlRoutes are the paths under /sim/. They take and give JSON.
func (s *Sim) controlRoutes(mux *http.ServeMux) {
	for pattern, handle := range map[string]func(*call, []byte) (any, error){
		"POST /sim/offers/{id}/{verb}":   (*call).controlOffer,
		"GET /sim/offers/{id}":           (*call).showOffer,
		"GET /sim/offers":                (*call).showOffers,
		"POST /sim/offers":               (*call).controlSend,
		"POST /sim/accounts/{id}/{verb}": (*call).controlAccountVerb,
		"POST /sim/trades/{id}/reverse":  (*call).controlReverse,
		"POST /sim/trades/{id}/status":   (*call).controlStatus,
		"GET /sim/trades/{id}":           (*call).showTrade,
		"GET /sim/logins":                (*call).showLogins,
		"POST /sim/logins/{id}/{verb}":   (*call).controlLogin,
		"GET /sim/settings":              (*call).showSettings,
		"POST /sim/settings":             (*call).changeSettings,
		"GET /sim/clock":                 (*call).showClock,
		"GET /sim/world":                 (*call).showWorld,
		"POST /sim/accounts/{id}":        (*call).controlAccount,
		"GET /sim/accounts/{id}/{items}": (*call).showItems,
		"GET /sim/faults":                (*call).showFaults,
		"POST /sim/faults":               (*call).addFaults,
		"DELETE /sim/faults":             (*call).dropFaults,
	} {
		mux.Handle(pattern, s.control(handle, true))
	}
	mux.Handle("GET /sim/journal", s.control((*call).showRequests, false))
	mux.HandleFunc("/sim/", func(w http.ResponseWriter, _ *http.Request) {
		writeControl(w, nil, refuse(http.StatusNotFound, "no such path"))
	})
}

// control runs a handler, under the lock where it looks at the world. A browser
// may call only from a page of this machine.
func (s *Sim) control(handle func(*call, []byte) (any, error), locked bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !localOrigin(r) {
			writeControl(w, nil, refuse(http.StatusForbidden, "pages of other hosts may not control the simulation"))
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			writeControl(w, nil, refuse(http.StatusBadRequest, "body cannot be read"))
			return
		}
		q := &call{sim: s, r: r, at: stampOf(s.now())}
		if locked {
			s.mu.Lock()
		}
		v, err := handle(q, body)
		if locked {
			s.mu.Unlock()
		}
		writeControl(w, v, err)
	})
}

func writeControl(w http.ResponseWriter, v any, err error) {
	p := reply{status: http.StatusOK, json: v}
	if e, ok := errors.AsType[*statusError](err); ok {
		p = reply{status: e.status, json: map[string]string{"error": e.text}}
	} else if err != nil {
		p = reply{status: http.StatusInternalServerError, json: map[string]string{"error": "simulated steam: internal error"}}
	}
	if p.render() != nil {
		p = reply{status: http.StatusInternalServerError}
	}
	p.write(w)
}

// localOrigin refuses browsers on pages from elsewhere, and names that were
// pointed at this machine to get around that.
func localOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		site := r.Header.Get("Sec-Fetch-Site")
		return site == "" || site == "same-origin" || site == "none"
	}
	u, err := url.Parse(origin)
	return err == nil && loopbackName(u.Hostname())
}

func loopbackName(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

func (q *call) controlledOffer() (*offer, error) {
	if o := q.pathOffer(); o != nil {
		return o, nil
	}
	return nil, refuse(http.StatusNotFound, "offer %q: not found", clip(q.r.PathValue("id")))
}

func (q *call) controlOffer(body []byte) (any, error) {
	o, err := q.controlledOffer()
	if err != nil {
		return nil, err
	}
	verb := q.r.PathValue("verb")
	if verb == "counter" {
		return q.controlCounter(o, body)
	}
	if verb == "confirm" || verb == "reject" {
		return q.controlConfirm(o, body, verb == "confirm")
	}
	if verb != "accept" && verb != "decline" && verb != "cancel" && verb != "void" {
		return nil, refuse(http.StatusNotFound, "offers can be accepted, declined, cancelled, countered, confirmed, rejected and made void")
	}
	if err := decodeStrict(body, &struct{}{}); err != nil {
		return nil, err
	}
	why, err := q.sim.play(verb, o, q.at)
	if err != nil {
		return nil, err
	}
	if why != "" {
		return nil, refuse(http.StatusConflict, "%s", why)
	}
	return q.sim.state.control(o), nil
}

func (q *call) controlCounter(o *offer, body []byte) (any, error) {
	var in struct {
		Give    []number `json:"give"`
		Receive []number `json:"receive"`
	}
	if err := decodeStrict(body, &in); err != nil {
		return nil, err
	}
	ids := func(list []number) []uint64 {
		var out []uint64
		for _, n := range list {
			out = append(out, uint64(n))
		}
		return out
	}
	made, why, err := q.sim.counter(o, ids(in.Give), ids(in.Receive), q.at)
	if why != "" {
		return nil, refuse(http.StatusConflict, "%s", why)
	}
	if err != nil {
		return nil, err
	}
	return map[string]any{"offer": q.sim.state.control(o), "counter": q.sim.state.control(made)}, nil
}

func (q *call) showOffer([]byte) (any, error) {
	o, err := q.controlledOffer()
	if err != nil {
		return nil, err
	}
	return q.sim.state.control(o), nil
}

// showOffers lists an account's offers, or the open offers of all, newest first;
// with message only those whose text begins so.
func (q *call) showOffers([]byte) (any, error) {
	st := q.sim.state
	var list []*offer
	if text := q.r.FormValue("partner"); text != "" {
		a := q.account64(text)
		if a == nil {
			return nil, refuse(http.StatusNotFound, "account %q: not found", clip(text))
		}
		list = slices.Clone(a.updates)
	} else {
		open := map[uint64]*offer{}
		for _, a := range st.accounts {
			maps.Copy(open, a.openOffers)
		}
		list = slices.Collect(maps.Values(open))
	}
	slices.SortFunc(list, func(x, y *offer) int { return cmp.Compare(y.ID, x.ID) })
	begins := q.r.FormValue("message")
	out := make([]controlOfferView, 0)
	for _, o := range list {
		if strings.HasPrefix(o.Message, begins) {
			out = append(out, st.control(o))
		}
	}
	return map[string]any{"offers": out}, nil
}

func (q *call) pathTrade() (*trade, error) {
	id, err := strconv.ParseUint(q.r.PathValue("id"), 10, 64)
	if t := q.sim.state.trades[id]; err == nil && t != nil {
		return t, nil
	}
	return nil, refuse(http.StatusNotFound, "trade %q: not found", clip(q.r.PathValue("id")))
}

func (q *call) controlReverse(body []byte) (any, error) {
	t, err := q.pathTrade()
	if err != nil {
		return nil, err
	}
	if err := decodeStrict(body, &struct{}{}); err != nil {
		return nil, err
	}
	by, err := steam.ParseID64(q.r.FormValue("by"))
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "by: %s", err)
	}
	why, err := q.sim.takeBack(t, by, q.at)
	if why != "" {
		return nil, refuse(http.StatusConflict, "%s", why)
	}
	return t.control(), err
}

func (q *call) showTrade([]byte) (any, error) {
	t, err := q.pathTrade()
	if err != nil {
		return nil, err
	}
	return t.control(), nil
}

func (q *call) controlAccount(body []byte) (any, error) {
	a := q.pathAccount()
	if a == nil {
		return nil, refuse(http.StatusNotFound, "account %q: not found", clip(q.r.PathValue("id")))
	}
	var flags accountFlags
	if err := decodeStrict(body, &flags); err != nil {
		return nil, err
	}
	if err := flags.check(); err != nil {
		return nil, err
	}
	if err := q.sim.do(q.at, &accountCommand{Account: a.SteamID, Flags: flags}); err != nil {
		return nil, err
	}
	shown := a.Account
	shown.Password, shown.SharedSecret, shown.IdentitySecret = "", "", ""
	return shown, nil
}

func (f *accountFlags) check() error {
	switch {
	case f.Behaviour != nil && !validBehaviour(*f.Behaviour):
		return refuse(http.StatusBadRequest, "behaviour %q: unknown", clip(*f.Behaviour))
	case f.TradeToken != nil && !steam.ValidToken(*f.TradeToken):
		return refuse(http.StatusBadRequest, "trade_token: want 6 to 16 letters, digits, - or _")
	case f.VACBans != nil && *f.VACBans < 0:
		return refuse(http.StatusBadRequest, "vac_bans: want 0 or more")
	case f.EscrowDays != nil && (*f.EscrowDays < 0 || *f.EscrowDays > 365):
		return refuse(http.StatusBadRequest, "escrow_days: want 0 to 365")
	}
	return nil
}

// showItems lists the assets in an account's inventory of one game.
func (q *call) showItems([]byte) (any, error) {
	a := q.pathAccount()
	app, err := strconv.ParseUint(q.r.FormValue("app"), 10, 32)
	if a == nil || q.r.PathValue("items") != "items" {
		return nil, refuse(http.StatusNotFound, "account %q: not found", clip(q.r.PathValue("id")))
	}
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "app: want a number")
	}
	list := []controlItem{}
	for _, context := range []string{steam.ContextMain, steam.ContextProtected} {
		for _, it := range a.inventory(place{steam.AppID(app), context}).list {
			list = append(list, q.sim.state.controlItem(it.ref()))
		}
	}
	return map[string]any{"items": list}, nil
}

func (q *call) showWorld([]byte) (any, error) { return q.sim.state.world(), nil }

func (q *call) showClock([]byte) (any, error) {
	out := map[string]any{"now": q.at.time().Format(timeForm), "next_due": nil}
	if e, ok := q.sim.state.next(); ok {
		out["next_due"] = e.At.time().Format(timeForm)
	}
	return out, nil
}

func (q *call) showRequests([]byte) (any, error) {
	since, err := strconv.ParseUint(cmp.Or(q.r.FormValue("since"), "0"), 10, 64)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "since: want a number")
	}
	return map[string]any{"requests": q.sim.requests.since(since)}, nil
}

func (q *call) showFaults([]byte) (any, error) {
	return map[string]any{"faults": append([]Fault{}, q.sim.state.Faults...)}, nil
}

func (q *call) dropFaults([]byte) (any, error) { return q.setFaults(nil) }

func (q *call) addFaults(body []byte) (any, error) {
	list, err := readFaults(body)
	if err != nil {
		return nil, err
	}
	return q.setFaults(slices.Concat(q.sim.state.Faults, list))
}

func (q *call) setFaults(list []Fault) (any, error) {
	if err := q.sim.do(q.at, &faultsCommand{List: list}); err != nil {
		return nil, err
	}
	return q.showFaults(nil)
}
