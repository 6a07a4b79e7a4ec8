package pay

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/pay/page"
	"github.com/skinrail/skinrail/internal/pricing"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

// Steam is what the page asks of Steam itself.
type Steam interface {
	// Preflight tells whether trades with the payer would go through:
	// [fault.PayerNotReady] with the reason trade_url, escrow, trade_ban or
	// private, [fault.SteamUnavailable].
	Preflight(ctx context.Context, payer steam.ID64, token string) error
	// Profile is the public face of an account: a payer's or a bot's.
	Profile(ctx context.Context, id steam.ID64) (Profile, error)
}

// Profile is what Steam shows of an account to everybody.
type Profile struct {
	Name   string
	Level  int       // 0: not known
	Joined time.Time // zero: not known
}

// OpenID lets Steam prove whose account it is.
type OpenID interface {
	RedirectURL(realm, returnTo string) string
	Verify(ctx context.Context, query url.Values, returnTo string, now time.Time) (id steam.ID64, nonce string, err error)
}

// Deps is what the door needs. Now is the world's clock, Wall the wall clock.
type Deps struct {
	Deposits     *deposit.Service
	Merchants    *merchant.Service
	Pricing      *pricing.Service
	Trades       *trade.Service
	Fleet        *fleet.Service
	Steam        Steam
	OpenID       OpenID
	PublicURL    string        // of the gateway, without a slash at its end
	CommunityURL string        // Steam's pages as the payer's browser reaches them
	Games        []steam.AppID // that are traded; empty: all
	// PictureURL is where items' pictures are fetched with PictureHTTP, which
	// follows no redirect; empty: all are drawn.
	PictureURL  string
	PictureHTTP *http.Client
	Now, Wall   func() time.Time
	Logger      *slog.Logger
}

// Door shows the payment page. It may be used concurrently.
type Door struct {
	Deps
	version       string
	secure        bool   // the public URL is https
	communityHost string // host[:port]
	community     string // scheme://host[:port], for the policy
	cross         *http.CrossOriginProtection
	profiles      profiles
	ready         ready
	limits        limits
	pictures      *pictures
}

// New returns the door. A missing clock is the wall's, a missing Logger the
// default one.
func New(deps Deps) *Door {
	deps.PublicURL = strings.TrimSuffix(deps.PublicURL, "/")
	deps.CommunityURL = strings.TrimSuffix(deps.CommunityURL, "/")
	if deps.Wall == nil {
		deps.Wall = time.Now
	}
	if deps.Now == nil {
		deps.Now = deps.Wall
	}
	if deps.Logger == nil {
		deps.Logger = slog.Default()
	}
	d := &Door{Deps: deps, version: page.Version(), secure: strings.HasPrefix(deps.PublicURL, "https://")}
	if u, err := url.Parse(deps.CommunityURL); err == nil {
		d.communityHost, d.community = u.Host, u.Scheme+"://"+u.Host
	}
	d.pictures = newPictures(deps.PictureURL, deps.PictureHTTP)
	d.cross = http.NewCrossOriginProtection()
	if u, err := url.Parse(deps.PublicURL); err == nil && u.Host != "" {
		// Behind a proxy the Host we see need not be the one in the browser.
		_ = d.cross.AddTrustedOrigin(u.Scheme + "://" + u.Host) // an odd public URL leaves the comparison with Host
	}
	return d
}

// Handler serves everything under /pay, /img and /embed.js, and answers 404
// elsewhere.
func (d *Door) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /pay/assets/{version}/{file}", d.asset)
	mux.HandleFunc("GET /img/{icon}", d.picture)
	mux.HandleFunc("GET /embed.js", d.embed)
	for pattern, h := range map[string]handler{
		"GET /pay":                   d.start,
		"GET /pay/{$}":               d.start,
		"GET /pay/{hash}":            d.start,
		"GET /pay/{hash}/{$}":        d.start,
		"POST /pay/{hash}/signin":    d.signin,
		"GET /pay/signin/return":     d.signinReturn,
		"POST /pay/{hash}/account":   d.forget,
		"POST /pay/{hash}/trade-url": d.tradeURL,
		"POST /pay/{hash}/review":    d.review,
		"POST /pay/{hash}/send":      d.send,
		"GET /pay/{hash}/status":     d.status,
		"/":                          func(*visit) error { return fault.New(fault.NotFound, "no such page") },
	} {
		mux.Handle(pattern, d.serve(h))
	}
	return mux
}

// handler answers a request, or returns why it cannot.
type handler func(*visit) error

// maxBody is enough for a choice of every item of a large inventory.
const maxBody = 256 << 10

// serve wraps a handler with what holds for every page.
func (d *Door) serve(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &visit{door: d, w: w, r: r, now: d.Now()}
		v.headers()
		if err := d.cross.Check(r); err != nil {
			v.fail(fault.New(fault.Forbidden, "sent from another site"))
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		if r.Method == http.MethodPost {
			if err := r.ParseForm(); err != nil {
				v.fail(fault.New(fault.InvalidRequest, "not a form"))
				return
			}
		}
		if err := h(v); err != nil {
			v.fail(err)
		}
	})
}
