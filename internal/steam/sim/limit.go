package sim

import (
	"net"
	"net/http"

	"github.com/skinrail/skinrail/internal/steam"
)

// limiter holds Steam's throttles. They work only with Settings.RateLimits and
// count in windows of the world's clock; a restart forgets them. The state's
// lock guards it.
type limiter struct {
	pages, confirmations, web, login window
}

// window counts requests per key in windows of a fixed length.
type window struct {
	start stamp
	count map[string]int
}

const minute = hour / 60

// over counts one request and reports whether it is more than max in this window.
func (w *window) over(q *call, key string, length stamp, max int) bool {
	if !q.sim.state.Settings.RateLimits {
		return false
	}
	if w.count == nil || q.at-w.start >= length || q.at < w.start {
		w.start, w.count = q.at, map[string]int{}
	}
	w.count[key]++
	return w.count[key] > max
}

// The numbers are those that operators have converged on.
const (
	inventoryPerMinute    = 60
	webPerMinute          = 240
	confirmationPerMinute = 15
	loginPerHour          = 20
)

// check answers requests beyond the limits.
func (l *limiter) check(q *call) (reply, bool) {
	who := q.address()
	switch q.route.surface {
	case surfaceInventory:
		if l.pages.over(q, who, minute, inventoryPerMinute) {
			return null(http.StatusTooManyRequests), true
		}
	case surfaceMobile:
		if q.route.endpoint == "confirm" && l.confirmations.over(q, accountKey(q.account), minute, confirmationPerMinute) {
			return document(map[string]any{"success": false}), true
		}
	case surfaceTrade, surfacePage:
		if l.web.over(q, who, minute, webPerMinute) {
			return null(http.StatusTooManyRequests), true
		}
	case surfaceAuth:
		if q.route.endpoint == "login" && l.login.over(q, who, hour, loginPerHour) {
			return protobuf(steam.ResultRateLimitExceeded, nil), true
		}
	}
	return reply{}, false
}

func accountKey(a *account) string {
	if a == nil {
		return ""
	}
	return a.SteamID.String()
}

// address is the caller's, without the port.
func (q *call) address() string {
	host, _, err := net.SplitHostPort(q.r.RemoteAddr)
	if err != nil {
		return q.r.RemoteAddr
	}
	return host
}
