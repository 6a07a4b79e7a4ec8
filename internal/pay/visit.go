package pay

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/pay/page"
)

// visit is one request on its way. Deposit and project are there once loaded.
type visit struct {
	door    *Door
	w       http.ResponseWriter
	r       *http.Request
	now     time.Time
	deposit deposit.Deposit
	project merchant.Project
}

func (v *visit) ctx() context.Context { return v.r.Context() }

// hash is the link's secret name, from the path or, at /pay itself, the query.
func (v *visit) hash() string {
	if h := v.r.PathValue("hash"); h != "" {
		return h
	}
	return v.r.URL.Query().Get("hash")
}

// load reads the deposit of the link and its project. From then on the page may
// be framed by whom the project says.
func (v *visit) load() error {
	if !possibleHash(v.hash()) {
		return fault.New(fault.NotFound, "no such link")
	}
	return v.reload(v.hash())
}

func (v *visit) reload(hash string) error {
	d, err := v.door.Deposits.ByHash(v.ctx(), hash)
	if err != nil {
		return err
	}
	p, err := v.door.Merchants.Project(v.ctx(), d.Project)
	if err != nil {
		return err
	}
	v.deposit, v.project = d, p
	v.policy(ancestors(p.Origins))
	return nil
}

// possibleHash keeps what cannot be a link away from the database.
func possibleHash(h string) bool {
	if h == "" || len(h) > 64 {
		return false
	}
	return strings.Trim(h, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_") == ""
}

// framed tells a page inside a frame; browsers say so themselves.
func (v *visit) framed() bool {
	dest := v.r.Header.Get("Sec-Fetch-Dest")
	return dest == "iframe" || dest == "frame"
}

// headers are on every answer of this door; see [visit.policy] for the frame.
func (v *visit) headers() {
	h := v.w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	// The origin must stay on our own forms, and nothing of the link may leave.
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	if v.door.secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	v.policy("*")
}

// policy allows our own files only. The sign-in's form is answered with a
// redirect to Steam, which browsers count as the form's target.
func (v *visit) policy(ancestors string) {
	v.w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "+
		"connect-src 'self'; base-uri 'none'; form-action 'self' "+v.door.community+"; frame-ancestors "+ancestors)
}

// ancestors are the sites that may frame the page: all of them when the project
// names none. What is not an origin is left out, so that it cannot add to the
// policy.
func ancestors(origins []string) string {
	if len(origins) == 0 {
		return "*"
	}
	if sites := registered(origins); len(sites) > 0 {
		return strings.Join(sites, " ")
	}
	return "'none'"
}

// registered are the sites as browsers write their origins.
func registered(origins []string) (sites []string) {
	for _, o := range origins {
		u, err := url.Parse(o)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || strings.ContainsAny(u.Host, "*;,'\" ") {
			continue
		}
		sites = append(sites, u.Scheme+"://"+strings.ToLower(u.Host))
	}
	return sites
}

// draw writes a page. An error here is a payer who went away.
func (v *visit) draw(status int, c templ.Component) error {
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.WriteHeader(status)
	if v.r.Method == http.MethodHead {
		return nil
	}
	if err := c.Render(v.ctx(), v.w); err != nil {
		v.door.Logger.DebugContext(v.ctx(), "payment page was not read", "error", err)
	}
	return nil
}

// home goes to the page after a change, so that a reload changes nothing again.
func (v *visit) home(query string) error {
	to := "/pay/" + v.deposit.Hash + "/"
	if query != "" {
		to += "?" + query
	}
	http.Redirect(v.w, v.r, to, http.StatusSeeOther)
	return nil
}

// frame is what surrounds the page in the deposit's state.
func (v *visit) frame(title string, step page.Step) page.Frame {
	d := v.deposit
	f := page.Frame{Title: title, Merchant: page.Plain(v.project.Name), Limits: v.limitsText(0), Hash: d.Hash, Step: step,
		Framed: v.framed(), Order: d.OrderID, Origins: registered(v.project.Origins), Watch: "/pay/" + d.Hash + "/status", Version: v.door.version}
	f.Status, f.Stage = v.wire(), v.stage()
	if d.State == deposit.Open {
		f.Closes = seconds(d.ExpiresAt.Sub(v.now))
	}
	if d.SteamID != 0 {
		f.Payer = page.Payer{ID: d.SteamID.String(), Name: page.Plain(v.door.profile(v.ctx(), d.SteamID).Name)}
	}
	return f
}

// seconds rounds up, so that nothing is over while it still says 1.
func seconds(left time.Duration) int {
	return int(max(0, (left+time.Second-1)/time.Second))
}

// expired tells a link whose hour is over, whether or not the clock's step has
// been there yet.
func (v *visit) expired() bool {
	return v.deposit.State == deposit.Open && !v.deposit.ExpiresAt.After(v.now)
}
