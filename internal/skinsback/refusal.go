package skinsback

import (
	"errors"
	"strings"

	"github.com/skinrail/skinrail/internal/fault"
)

// refusal is an error of the old format: a number, which means something only
// within its method when it is positive, and a name. Callers look up either.
type refusal struct {
	code   int
	name   string
	detail string // a hint for people; never needed to tell errors apart
}

func (r refusal) Error() string { return r.name }

// because returns the same error with a hint.
func (r refusal) because(detail string) refusal {
	r.detail = detail
	return r
}

// Errors of every method, in the order in which they are checked.
var (
	usePost          = refusal{code: -1, name: "please_use_post_method"}
	underMaintenance = refusal{code: -9, name: "under_maintenance"}
	invalidShop      = refusal{code: -2, name: "invalid_shopid"}
	invalidSignature = refusal{code: -3, name: "invalid_signature"}
	invalidAddress   = refusal{code: -8, name: "invalid_ip_address"}
	limitReached     = refusal{code: -7, name: "request_limit_reached"}
	shopNotActive    = refusal{code: -4, name: "shop_not_active"}
	invalidMethod    = refusal{code: -5, name: "invalid_method"}
	marketDisabled   = refusal{code: -6, name: "market_disabled"}
)

// Errors of the deposit methods.
var (
	createInvalidOrderID    = refusal{code: 1, name: "invalid_order_id"}
	createInvalidSteamID    = refusal{code: 2, name: "invalid_steam_id"}
	createInvalidToken      = refusal{code: 3, name: "invalid_trade_token"}
	createMinNeedsCurrency  = refusal{code: 4, name: "min_amount_requires_currency"}
	createDuplicate         = refusal{code: 5, name: "order_id_already_exists"}
	createMaxNeedsCurrency  = refusal{code: 6, name: "max_amount_requires_currency"}
	createInvalidMax        = refusal{code: 7, name: "invalid_max_amount"}
	createInvalidCurrency   = refusal{code: 8, name: "invalid_currency"}
	createInvalidMin        = refusal{code: 9, name: "invalid_min_amount"}
	createInvalidURL        = refusal{code: 10, name: "invalid_url"}
	createInvalidMultiplier = refusal{code: 11, name: "invalid_custom_multiplier"}
	createInvalidCustom     = refusal{code: 12, name: "invalid_custom_currency"}

	orderMissing         = refusal{code: 1, name: "order_id_or_transaction_id_missing"}
	orderInvalidOrderID  = refusal{code: 2, name: "invalid_order_id"}
	orderInvalidID       = refusal{code: 3, name: "invalid_transaction_id"}
	orderNotFound        = refusal{code: 4, name: "transaction_not_found"}
	approveNotHeld       = refusal{code: 5, name: "offer_already_approved_or_canceled"}
	searchMissingName    = refusal{code: 1, name: "name_or_names_required"}
	nameTooShort         = refusal{code: 2, name: "name_min_length_3"}
	buyMissingNameAndID  = refusal{code: 1, name: "missing_name_and_id"}
	buyMissingPartner    = refusal{code: 3, name: "missing_partner_or_token"}
	buyInsufficientFunds = refusal{code: 4, name: "insufficient_funds"}
	buySkinUnavailable   = refusal{code: 5, name: "skin_unavailable"}
	buyNotAtPrice        = refusal{code: 6, name: "skins_not_found_at_specified_price"}
	buyDuplicate         = refusal{code: 7, name: "custom_id_already_exists"}
	buyInvalidPartner    = refusal{code: 8, name: "invalid_partner_value"}
	buyInvalidCustomID   = refusal{code: 9, name: "invalid_custom_id"}
	infoMissingBuyID     = refusal{code: 1, name: "missing_buy_id"}
	infoNotFound         = refusal{code: 2, name: "offer_not_found"}
)

// as turns a room's fault into the method's own error; other errors stay as
// they are and become our own failure.
func as(err error, table map[fault.Code]refusal) error {
	if err == nil {
		return nil
	}
	code, detail := fault.Of(err)
	if r, ok := table[code]; ok {
		return r.because(detail)
	}
	return err
}

// envelope writes the error form.
func (r refusal) envelope() []byte {
	a := &answer{b: make([]byte, 0, 160)}
	a.open()
	a.text("status", "error")
	a.integer("error_code", int64(r.code))
	a.text("error_message", r.name)
	if r.detail != "" {
		a.text("error_detail", shorten(r.detail))
	}
	return a.done()
}

// shorten keeps what a caller sent from filling its own answer.
func shorten(s string) string {
	const most = 1000
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// refused tells what the caller gets for an error, and whether it is our own
// failure.
func refused(err error, request string) (r refusal, ours bool) {
	if r, ok := errors.AsType[refusal](err); ok {
		return r, false
	}
	if code, _ := fault.Of(err); code == fault.Maintenance {
		return underMaintenance, false
	}
	return underMaintenance.because("request " + request), true
}
