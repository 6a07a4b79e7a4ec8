package web

import (
	"fmt"
	"slices"

	"github.com/skinrail/skinrail/internal/steam"
)

// resultError is a Steam result other than OK.
type resultError steam.Result

func (r resultError) Error() string { return fmt.Sprintf("steam result %d", int(r)) }

// unclear are the results after which nobody knows whether the effect happened.
var unclear = []steam.Result{
	steam.ResultFail, steam.ResultBusy, steam.ResultTimeout, steam.ResultServiceUnavail,
	steam.ResultCancelled, steam.ResultRemoteCallFailed,
}

func (r resultError) temporary() bool {
	return slices.Contains(unclear, steam.Result(r)) || r.Unwrap() == steam.ErrRateLimited
}

// Unwrap gives the error of package steam that the result stands for.
func (r resultError) Unwrap() error {
	const (
		invalidEmailCode = 65
		expiredEmailCode = 71
		loginThrottled   = 87
	)
	switch r {
	case resultError(steam.ResultInvalidPassword), resultError(steam.ResultTwoFactorMismatch), invalidEmailCode, expiredEmailCode:
		return steam.ErrCredentials
	case resultError(steam.ResultRateLimitExceeded), loginThrottled:
		return steam.ErrRateLimited
	case resultError(steam.ResultNoMatch):
		return steam.ErrNotFound
	default:
		return steam.ErrUnavailable
	}
}
