// Package fault is the closed list of what can go wrong, with one table that
// says how each kind looks from outside.
//
// Rooms return a [Fault] made by [New] or wrap one with %w; callers ask
// errors.Is(err, fault.PriceChanged). An error without a code is [Internal]:
// logged with the request id and never shown.
package fault

import (
	"errors"
	"fmt"
)

// Code is a kind of failure. It is an error itself, so that errors.Is works
// against it. Codes are never renamed or reused.
type Code string

// The codes. What each means to a caller stands in [Table].
const (
	InvalidRequest      Code = "invalid_request"
	Unauthorized        Code = "unauthorized"
	Forbidden           Code = "forbidden"
	NotFound            Code = "not_found"
	Duplicate           Code = "duplicate"
	IdempotencyMismatch Code = "idempotency_mismatch"
	WrongState          Code = "wrong_state"
	PriceChanged        Code = "price_changed"
	ItemUnavailable     Code = "item_unavailable"
	InsufficientBalance Code = "insufficient_balance"
	PayerNotReady       Code = "payer_not_ready"
	LimitReached        Code = "limit_reached"
	RateLimited         Code = "rate_limited"
	SteamUnavailable    Code = "steam_unavailable"
	Maintenance         Code = "maintenance"
	Internal            Code = "internal"
)

func (c Code) Error() string { return string(c) }

// Row tells how a code looks from outside.
type Row struct {
	Code    Code
	HTTP    int
	Retry   string // "no", "after" a while, or with the "same key"
	Meaning string
}

// Table has one row per code, in the order of docs/errors.md.
var Table = []Row{
	{InvalidRequest, 400, "no", "malformed; names the field"},
	{Unauthorized, 401, "no", "who are you"},
	{Forbidden, 403, "no", "key, scope or address not allowed"},
	{NotFound, 404, "no", "not there, or it belongs to another merchant"},
	{Duplicate, 409, "no", "the merchant's own id is taken"},
	{IdempotencyMismatch, 409, "no", "same key, other content"},
	{WrongState, 409, "no", "the object is not where this move starts"},
	{PriceChanged, 409, "no", "above the given ceiling, or the quote is over"},
	{ItemUnavailable, 409, "no", "gone"},
	{InsufficientBalance, 409, "no", "not enough available"},
	{PayerNotReady, 409, "no", "private inventory, trade ban or no authenticator; the reason says which"},
	{LimitReached, 409, "after", "too much is not settled yet, of the payer or of the project; the reason says which"},
	{RateLimited, 429, "after", "slower"},
	{SteamUnavailable, 503, "after", "Steam cannot be reached or refuses to work"},
	{Maintenance, 503, "after", "switched off by the operator for a while"},
	{Internal, 500, "same key", "our fault; only the request id is shown"},
}

// Status returns the row of a code; an unknown code gets the row of [Internal].
func Status(c Code) Row {
	for _, r := range Table {
		if r.Code == c {
			return r
		}
	}
	return Table[len(Table)-1]
}

// Fault is a failure with a code and a detail that may be shown to the caller.
type Fault struct {
	Code   Code
	Detail string
}

// New makes a fault; the detail may be shown to the caller.
func New(c Code, format string, args ...any) *Fault {
	return &Fault{Code: c, Detail: fmt.Sprintf(format, args...)}
}

func (f *Fault) Error() string { return string(f.Code) + ": " + f.Detail }

// Is makes errors.Is(err, fault.NotFound) true for a fault with that code.
func (f *Fault) Is(target error) bool { return target == f.Code }

// Of returns the code and the detail that may be shown; [Internal] and no
// detail for everything that is not a fault.
func Of(err error) (Code, string) {
	if f, ok := errors.AsType[*Fault](err); ok {
		return f.Code, f.Detail
	}
	if c, ok := errors.AsType[Code](err); ok {
		return c, ""
	}
	return Internal, ""
}
