package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/pricing"
	"github.com/skinrail/skinrail/internal/trade"
)

// Clock is the world's time and the way to move it.
type Clock interface {
	Now() time.Time
	// Advance returns after everything that became due was done. Going back is
	// [fault.WrongState].
	Advance(ctx context.Context, to time.Time) error
}

// Deps is what the door needs.
type Deps struct {
	Deposits  *deposit.Service
	Merchants *merchant.Service
	Trades    *trade.Service
	Pricing   *pricing.Service
	Fleet     *fleet.Service
	Ledger    *ledger.Service
	Clock     Clock
	World     File          // what the world was made from
	SteamURL  func() string // of the simulated Steam
	HTTP      *http.Client
	Kick      func() // wakes the bots
	Logger    *slog.Logger
}

// Door controls the world.
type Door struct{ Deps }

// New makes the door.
func New(d Deps) *Door { return &Door{d} }

// handler answers with a value to print as JSON, or with an error.
type handler func(r *http.Request) (any, error)

// Handler serves everything under /sandbox/.
func (d *Door) Handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, h := range map[string]handler{
		"GET /sandbox/clock":                    d.showClock,
		"POST /sandbox/clock":                   d.moveClock,
		"POST /sandbox/deposits/{id}/{outcome}": d.play,
		"POST /sandbox/offers/{id}/{answer}":    d.forward,
		"POST /sandbox/trades/{id}/reverse":     d.forward,
		"POST /sandbox/faults":                  d.forward,
		"DELETE /sandbox/faults":                d.forward,
		"POST /sandbox/projects":                d.addProject,
		"GET /sandbox/world":                    d.showWorld,
	} {
		mux.Handle(pattern, answer(d.Logger, h))
	}
	own := http.NewCrossOriginProtection()
	own.SetDenyHandler(answer(d.Logger, func(*http.Request) (any, error) {
		return nil, fault.New(fault.Forbidden, "pages of other sites may not control the sandbox")
	}))
	return own.Handler(mux)
}

// failed is what the simulated Steam answered instead of doing it.
type failed struct {
	status int
	body   []byte
}

func (f failed) Error() string { return "simulated Steam: " + string(f.body) }

// fault is what the simulated Steam said, with a code of ours.
func (f failed) fault() error {
	code := map[int]fault.Code{http.StatusBadRequest: fault.InvalidRequest, http.StatusNotFound: fault.NotFound,
		http.StatusConflict: fault.WrongState, http.StatusForbidden: fault.Forbidden}[f.status]
	var said struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(f.body, &said) != nil || code == "" {
		return f
	}
	return fault.New(code, "%s", said.Error)
}

// maxBody bounds what the control takes and passes on, patience how long it may
// take: days over thousands of orders are more than a listener grants a merchant.
const (
	maxBody  = 256 << 10
	patience = 10 * time.Minute
)

func answer(log *slog.Logger, h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		until := time.Now().Add(patience)
		own := http.NewResponseController(w)
		if err := errors.Join(own.SetReadDeadline(until), own.SetWriteDeadline(until)); err != nil {
			log.Debug("sandbox control", "err", err)
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		v, err := h(r)
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		if f, ok := errors.AsType[failed](err); ok {
			err = f.fault()
		}
		if err != nil {
			code, detail := fault.Of(err)
			if code == fault.Internal {
				log.Error("sandbox control", "path", r.URL.Path, "err", err)
				detail = err.Error() // the sandbox belongs to whoever reads this
			}
			w.WriteHeader(fault.Status(code).HTTP)
			v = map[string]string{"error": detail, "code": string(code)}
		}
		_ = json.NewEncoder(w).Encode(v)
	})
}

// read decodes a body strictly; an empty one leaves into as it is.
func read(r *http.Request, into any) error {
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return fault.New(fault.InvalidRequest, "body: %v", err)
	}
	if len(data) == 0 {
		return nil
	}
	if err := decode(data, into); err != nil {
		return fault.New(fault.InvalidRequest, "body: %v", err)
	}
	return nil
}

func (d *Door) showClock(*http.Request) (any, error) {
	return map[string]string{"now": d.Clock.Now().Format(time.RFC3339Nano)}, nil
}

// farthest bounds one advance: years of due moments would take minutes.
const farthest = 10 * 365 * 24 * time.Hour

func (d *Door) moveClock(r *http.Request) (any, error) {
	var want struct {
		Advance string `json:"advance"`
		Set     string `json:"set"`
	}
	if err := read(r, &want); err != nil {
		return nil, err
	}
	now := d.Clock.Now()
	to := now
	switch {
	case (want.Advance == "") == (want.Set == ""):
		return nil, fault.New(fault.InvalidRequest, `want {"advance":"192h"} or {"set":"2026-01-01T00:00:00Z"}`)
	case want.Advance != "":
		by, err := time.ParseDuration(want.Advance)
		if err != nil || by < 0 {
			return nil, fault.New(fault.InvalidRequest, "advance: %q: want a duration such as 192h or 15m", want.Advance)
		}
		to = now.Add(by)
	default:
		var err error
		if to, err = time.Parse(time.RFC3339, want.Set); err != nil {
			return nil, fault.New(fault.InvalidRequest, "set: %q: want a time such as 2026-01-01T00:00:00Z", want.Set)
		}
	}
	if to.Sub(now) > farthest {
		return nil, fault.New(fault.InvalidRequest, "at most ten years at once")
	}
	if err := d.Clock.Advance(r.Context(), to); err != nil {
		return nil, err
	}
	return d.showClock(r)
}

// forward passes a call on to the simulated Steam, which keeps these.
func (d *Door) forward(r *http.Request) (any, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fault.New(fault.InvalidRequest, "body: %v", err)
	}
	path := "/sim" + r.URL.Path[len("/sandbox"):]
	if r.URL.RawQuery != "" {
		path += "?" + r.URL.RawQuery
	}
	return d.steam(r.Context(), r.Method, path, body)
}

func (d *Door) addProject(r *http.Request) (any, error) {
	var p Project
	if err := read(r, &p); err != nil {
		return nil, err
	}
	named := p
	if named.ClientID == "" {
		named.ClientID = "1"
	}
	if err := named.check(); err != nil {
		return nil, fault.New(fault.InvalidRequest, "%v", err)
	}
	n, err := p.project()
	if err != nil {
		return nil, fault.New(fault.InvalidRequest, "%v", err)
	}
	now := d.Clock.Now()
	made, secrets, err := d.Merchants.Add(r.Context(), n, now)
	if err != nil {
		return nil, err
	}
	p.ClientID = strconv.FormatInt(made.ID, 10)
	if err := p.open(r.Context(), Rooms{Ledger: d.Ledger}, made.ID, now); err != nil {
		return nil, err
	}
	return map[string]string{"client_id": p.ClientID, "client_secret": secrets.Client.Reveal(),
		"webhook_secret": secrets.Webhook.Reveal(), "name": made.Name}, nil
}
