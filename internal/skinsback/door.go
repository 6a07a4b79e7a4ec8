package skinsback

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/skinrail/skinrail/internal/cash"
	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/market"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/pricing"
	"github.com/skinrail/skinrail/internal/purchase"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
	"github.com/skinrail/skinrail/internal/webhook"
)

// Path is where the API listens; everything below it is the same.
const Path = "/api.php"

// Deps is what the door needs. Now is the world's clock, Wall the wall clock.
type Deps struct {
	DB        *db.DB
	Merchants *merchant.Service
	Deposits  *deposit.Service
	Purchases *purchase.Service
	Market    *market.Service
	Pricing   *pricing.Service
	Ledger    *ledger.Service
	Cash      *cash.Service
	Trades    *trade.Service
	Fleet     *fleet.Service
	Webhooks  *webhook.Service
	Games     []steam.AppID // that are traded; empty: all that have a name
	PublicURL string        // of the gateway, without a slash at its end
	Guard     webhook.GuardOptions
	// Ready returns why nothing can be traded, site_off or no_bots; "" when all
	// is well.
	Ready func() string
	// Version is another one after each commit of the database; false while one
	// is under way, and when other programs commit too. Missing means false.
	Version func() (int64, bool)
	// Answered hears of each answer: the method, "" when none was reached, the
	// error's number, 0 for success, and how long it took.
	Answered  func(method string, code int, took time.Duration)
	Now, Wall func() time.Time
	// Wait lets time pass while a call waits for Steam; missing: it sleeps.
	Wait           func(time.Duration)
	TrustedProxies []netip.Prefix
	Logger         *slog.Logger
}

// Door answers the merchant API. It may be used concurrently.
type Door struct {
	deps      Deps
	methods   map[string]*method
	quota     quota
	failures  failures
	lists     listCache
	answers   answerCache
	rates     rateBook
	bodyTime  time.Duration
	offerTime time.Duration
}

// New returns the door. A missing clock is the wall's, a missing Logger the
// default one, a missing Ready says that all is well.
func New(deps Deps) *Door {
	deps.PublicURL = strings.TrimSuffix(deps.PublicURL, "/")
	if deps.Wall == nil {
		deps.Wall = time.Now
	}
	if deps.Now == nil {
		deps.Now = deps.Wall
	}
	if deps.Logger == nil {
		deps.Logger = slog.Default()
	}
	if deps.Version == nil {
		deps.Version = func() (int64, bool) { return 0, false }
	}
	if deps.Wait == nil {
		deps.Wait = time.Sleep
	}
	if deps.Answered == nil {
		deps.Answered = func(string, int, time.Duration) {}
	}
	if deps.Ready == nil {
		deps.Ready = func() string { return "" }
	}
	d := &Door{deps: deps, methods: methodsByName(), bodyTime: bodyTime, offerTime: offerTime}
	if deps.DB.Engine() == db.Postgres { // other processes take calls too
		d.quota.take = deps.Merchants.TakeCalls
	}
	return d
}

// Handler serves [Path] and everything below it, and answers 404 elsewhere.
// Hand it the requests as they came: a ServeMux before it would redirect paths
// with a double slash, which no caller follows.
func (d *Door) Handler() http.Handler { return http.HandlerFunc(d.serve) }

func (d *Door) serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != Path && !strings.HasPrefix(r.URL.Path, Path+"/") {
		http.NotFound(w, r)
		return
	}
	request, began := requestID(w), time.Now()
	var called string
	code := 0
	body, err := d.safely(w, r, &called)
	if err != nil {
		refusal, ours := refused(err, request)
		code = refusal.code
		if ours {
			d.deps.Logger.ErrorContext(r.Context(), "merchant api", "request", request, "error", err)
		}
		body = refusal.envelope()
	}
	d.deps.Answered(called, code, time.Since(began))
	h := w.Header()
	h["Content-Type"] = contentType
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	_, _ = w.Write(body) // who went away will ask again
}

// safely is answer, with a panic as our own failure: whoever calls takes any
// other HTTP status for a broken line.
func (d *Door) safely(w http.ResponseWriter, r *http.Request, called *string) (body []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			body, err = nil, fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return d.answer(w, r, called)
}

var contentType = []string{"application/json; charset=utf-8"}

const headerRequest = "X-Request-Id"

// requestID names the request on its answer, unless whoever wraps the doors has
// done so.
func requestID(w http.ResponseWriter) string {
	h := w.Header()
	if id := h.Get(headerRequest); id != "" {
		return id
	}
	u, err := uuid.NewV7()
	if err != nil {
		return "" // unreachable: the random source never fails
	}
	id := u.String()
	h[headerRequest] = []string{id}
	return id
}

// answer runs the checks in the order of the standard errors, then the method,
// whose name it puts into called.
func (d *Door) answer(w http.ResponseWriter, r *http.Request, called *string) ([]byte, error) {
	if r.Method != http.MethodPost {
		return nil, usePost
	}
	// Who leaves before the answer is served to the end all the same: it may ask
	// later what became of its call.
	ctx := context.WithoutCancel(r.Context())
	if d.deps.Merchants.Maintenance(ctx) {
		return nil, underMaintenance
	}
	f, raw, unreadable := d.readFields(w, r)
	if unreadable != nil && r.Header[headerID] == nil {
		return nil, invalidMethod.because(unreadable.Error())
	}
	who, err := d.admit(ctx, r, f, raw)
	if err != nil {
		return nil, err
	}
	if unreadable != nil {
		return nil, invalidMethod.because(unreadable.Error())
	}
	m, err := d.choose(who, f)
	if err != nil {
		return nil, err
	}
	*called = m.name
	c := &call{ctx: ctx, project: who.project, fields: f, now: d.deps.Now(), method: m, header: w.Header(), gzip: acceptsGzip(r)}
	memory, err := d.memoryOf(r, c)
	if err != nil {
		return nil, err
	}
	if memory != nil {
		return memory.run(w, c)
	}
	return m.run(d, c)
}

// admit checks everything that does not depend on the method.
func (d *Door) admit(ctx context.Context, r *http.Request, f fields, body string) (caller, error) {
	wall, address := d.deps.Wall(), d.address(r)
	who, err := d.authenticate(ctx, r, f, body, address, wall)
	if err != nil {
		return caller{}, err
	}
	p := who.project
	switch {
	case len(p.AllowedIPs) > 0 && !contains(p.AllowedIPs, address):
		return caller{}, invalidAddress.because("the call came from " + address.String() + ", which is not among the project's addresses")
	case !d.quota.allow(ctx, p.ID, p.RateLimit, wall):
		return caller{}, limitReached
	case !p.Active:
		return caller{}, shopNotActive
	}
	return who, nil
}

// choose finds the method and refuses a signature that could mean two requests.
func (d *Door) choose(who caller, f fields) (*method, error) {
	m := d.methods[f.get("method").str]
	if m == nil || f.get("method").kind != text {
		return nil, invalidMethod.because(methodHint(f))
	}
	if m.market && !who.project.Market {
		return nil, marketDisabled
	}
	if who.way != byLegacy {
		return m, nil
	}
	if m.arrays && who.project.ArraysNeedAllowList && len(who.project.AllowedIPs) == 0 {
		return nil, invalidAddress.because("a signature does not cover arrays: this project has to list its addresses first")
	}
	return m, m.ambiguity(f)
}
