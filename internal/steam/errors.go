package steam

import "errors"

// Errors of reading calls. Anything else means that Steam could not be read.
var (
	ErrPrivate     = errors.New("steam: inventory is private")
	ErrTradeURL    = errors.New("steam: trade url is not valid for this account")
	ErrNotFound    = errors.New("steam: not found")
	ErrSession     = errors.New("steam: session ended")
	ErrRateLimited = errors.New("steam: rate limited")
	ErrUnavailable = errors.New("steam: unavailable")
	ErrCredentials = errors.New("steam: credentials refused")
)
