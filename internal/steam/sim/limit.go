package sim

import (
	"net"
	"net/http"

	"github.com/skinrail/skinrail/internal/steam"
)

// window counts requests per key in windows of the world's clock.
type window struct {
	Start stamp
	Count map[string]int
}

const (
	minute = hour / 60
	day    = 24 * hour
)

// countCommand counts one request for a limit, in the window that holds now.
type countCommand struct{ Limit, Key string }

func (c *countCommand) apply(st *state, at stamp) {
	w := st.Counted[c.Limit]
	if w.Count == nil || at-w.Start >= limits[c.Limit].per {
		w = window{Start: at, Count: map[string]int{}}
	}
	w.Count[c.Key]++
	st.Counted[c.Limit] = w
}

// full reports whether the window holds as many requests as the limit allows.
func (q *call) full(limit, key string) bool {
	w, n := q.sim.state.Counted[limit], 0
	if q.at-w.Start < limits[limit].per {
		n = w.Count[key]
	}
	return n >= q.sim.state.limit(limit)
}

// over counts one request for a limit that is on, and reports whether it is one
// too many.
func (q *call) over(limit, key string) (bool, error) {
	if q.sim.state.limit(limit) == unlimited {
		return false, nil
	}
	if q.full(limit, key) {
		return true, nil
	}
	return false, q.sim.do(q.at, &countCommand{Limit: limit, Key: key})
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
	// Lists of confirmations a minute, per address.
	limitConfirmationLists = "confirmation_lists"
	limitHistory           = "history_page" // trades on one page of the history
	limitOffersPage        = "offers_page"  // offers on one page of GetTradeOffers
)

// unlimited is a limit that is off.
const unlimited = 1<<31 - 1

// limits are the defaults. Those that count requests in a window are throttles:
// they hold only with Settings.RateLimits or when they are given by name. So is
// the number of open offers in all; the rest holds always.
var limits = map[string]struct {
	max      int
	throttle bool
	per      stamp
}{
	limitOffersToOne: {max: maxOpenOffers}, limitOffersOpen: {max: maxOpenTotal, throttle: true}, limitOfferAssets: {max: maxAssets},
	limitOfferDays: {max: offerLife}, limitMessage: {max: maxMessage}, limitCS2: {max: 1000}, limitPage: {max: maxPage}, limitSkew: {max: keySkew},
	limitHistory: {max: maxHistory}, limitOffersPage: {max: maxOffersPage},
	limitInventory: {inventoryPerMinute, true, minute}, limitLegacy: {5, true, minute}, limitWeb: {webPerMinute, true, minute},
	limitOpenID: {60, true, minute}, limitConfirmations: {confirmationPerMinute, true, minute}, limitConfirmationLists: {12, true, minute},
	limitLogins: {loginPerHour, true, hour}, limitWrongCodes: {10, true, hour}, limitAPI: {100_000, true, day},
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

// limited answers requests beyond the limits.
func (q *call) limited() (reply, bool, error) {
	limit, key := q.counted()
	if limit == "" {
		return reply{}, false, nil
	}
	over, err := q.over(limit, key)
	if !over && err == nil && q.route.endpoint == "openid" {
		over, err = q.over(limitOpenID, key)
	}
	switch limit {
	case limitConfirmations:
		return document(map[string]any{"success": false}), over, err
	case limitLogins:
		return protobuf(steam.ResultRateLimitExceeded, nil), over, err
	}
	return null(http.StatusTooManyRequests), over, err
}

// counted is the limit that counts the request, and by whom.
func (q *call) counted() (limit, key string) {
	switch q.route.endpoint {
	case "legacyinventory":
		return limitLegacy, q.address()
	case "confirm":
		return limitConfirmations, accountKey(q.account)
	case "confirmations":
		return limitConfirmationLists, q.address()
	case "login":
		return limitLogins, q.address()
	}
	switch q.route.surface {
	case surfaceInventory:
		return limitInventory, q.address()
	case surfaceTrade, surfacePage:
		return limitWeb, q.address()
	case surfaceAPI:
		if q.account != nil {
			return limitAPI, accountKey(q.account)
		}
	}
	return "", ""
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
