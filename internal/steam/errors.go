package steam

import (
	"errors"
	"time"
)

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

// Limited is [ErrRateLimited] with its end: nothing is asked of Steam before For
// has passed.
type Limited struct{ For time.Duration }

func (l Limited) Error() string {
	return ErrRateLimited.Error() + ": no login for another " + l.For.Round(time.Second).String()
}

// Unwrap is [ErrRateLimited].
func (l Limited) Unwrap() error { return ErrRateLimited }
