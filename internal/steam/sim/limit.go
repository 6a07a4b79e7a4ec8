package sim

import (
	"net"
	"net/http"

	"github.com/skinrail/skinrail/internal/steam"
)

// limiter counts requests for Steam's throttles, in windows of the world's
// clock; a restart forgets them. The state's lock guards it.
type limiter struct {
	pages, legacy, confirmations, web, login, codes, api, openid window
}

// window counts requests per key in windows of a fixed length.
type window struct {
	start stamp
	count map[string]int
}

const (
	minute = hour / 60
	day    = 24 * hour
)

// add counts one request in the window that holds now, and returns how many
// there were.
func (w *window) add(q *call, key string, length stamp) int {
	w.turn(q, length)
	w.count[key]++
	return w.count[key]
}

// full reports whether the window holds as many as are allowed.
func (w *window) full(q *call, key string, length stamp, max int) bool {
	w.turn(q, length)
	return w.count[key] >= max
}

func (w *window) turn(q *call, length stamp) {
	if w.count == nil || q.at-w.start >= length || q.at < w.start {
		w.start, w.count = q.at, map[string]int{}
	}
}

// over counts one request and reports whether it is more than the named limit.
func (w *window) over(q *call, key string, length stamp, name string) bool {
	max := q.sim.state.limit(name)
	return max != unlimited && w.add(q, key, length) > max
}

// The numbers are those that operators have converged on.
const (
	inventoryPerMinute    = 60
	webPerMinute          = 240
	confirmationPerMinute = 15
	loginPerHour          = 20
)

// Names of the limits in [Settings.Limits].
const (
	limitOffersToOne   = "offers_to_one"  // open offers from one account to one user
	limitOffersOpen    = "offers_open"    // open offers from one account
	limitOfferAssets   = "offer_assets"   // assets in one offer
	limitOfferDays     = "offer_days"     // life of an open offer
	limitMessage       = "message"        // characters of an offer's message that are kept
	limitCS2           = "cs2_inventory"  // items an account can receive up to
	limitPage          = "inventory_page" // items on one page of an inventory
	limitInventory     = "inventories"    // a minute, per address
	limitLegacy        = "legacy"         // legacy inventories a minute, per address
	limitConfirmations = "confirmations"  // answers a minute, per account
	limitSkew          = "key_skew"       // seconds by which a confirmation key may be off
	limitWeb           = "web"            // other community requests a minute, per address
	limitLogins        = "logins"         // an hour, per address
	limitWrongCodes    = "wrong_codes"    // an hour, per account
	limitAPI           = "web_api"        // calls a day, per account
	limitOpenID        = "openid"         // requests a minute, per address
)

// unlimited is a limit that is off.
const unlimited = 1<<31 - 1

// limits are the defaults. Throttles hold only with Settings.RateLimits or when
// they are given by name; the rest always.
var limits = map[string]struct {
	max      int
	throttle bool
}{
	limitOffersToOne: {maxOpenOffers, false}, limitOffersOpen: {maxOpenTotal, true}, limitOfferAssets: {maxAssets, false},
	limitOfferDays: {offerLife, false}, limitMessage: {maxMessage, false}, limitCS2: {1000, false}, limitPage: {maxPage, false},
	limitInventory: {inventoryPerMinute, true}, limitLegacy: {5, true}, limitConfirmations: {confirmationPerMinute, true},
	limitSkew: {keySkew, false}, limitWeb: {webPerMinute, true}, limitLogins: {loginPerHour, true}, limitWrongCodes: {10, true},
	limitAPI: {100_000, true}, limitOpenID: {60, true},
}

// limit is a limit in force: unlimited when it is off.
func (st *state) limit(name string) int {
	if v, ok := st.Settings.Limits[name]; ok {
		if v < 0 {
			return unlimited
		}
		return v
	}
	if name == limitCS2 && st.Settings.InventoryLimit > 0 {
		return st.Settings.InventoryLimit
	}
	d := limits[name]
	if d.throttle && !st.Settings.RateLimits {
		return unlimited
	}
	return d.max
}

// check answers requests beyond the limits.
func (l *limiter) check(q *call) (reply, bool) {
	who := q.address()
	tooMany := false
	switch q.route.surface {
	case surfaceInventory:
		if q.route.endpoint == "legacyinventory" {
			tooMany = l.legacy.over(q, who, minute, limitLegacy)
		} else {
			tooMany = l.pages.over(q, who, minute, limitInventory)
		}
	case surfaceMobile:
		if q.route.endpoint == "confirm" && l.confirmations.over(q, accountKey(q.account), minute, limitConfirmations) {
			return document(map[string]any{"success": false}), true
		}
	case surfaceAPI:
		tooMany = q.account != nil && l.api.over(q, accountKey(q.account), day, limitAPI)
	case surfaceTrade, surfacePage:
		tooMany = l.web.over(q, who, minute, limitWeb) || q.route.endpoint == "openid" && l.openid.over(q, who, minute, limitOpenID)
	case surfaceAuth:
		if q.route.endpoint == "login" && l.login.over(q, who, hour, limitLogins) {
			return protobuf(steam.ResultRateLimitExceeded, nil), true
		}
	}
	return null(http.StatusTooManyRequests), tooMany
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
