package web

import (
	"fmt"
	"slices"

	"github.com/skinrail/skinrail/internal/steam"
)

// resultError is a Steam result other than OK.
type resultError steam.Result

func (r resultError) Error() string {
	if why, ok := barring[steam.Result(r)]; ok {
		return fmt.Sprintf("steam result %d: %s", int(r), why)
	}
	return fmt.Sprintf("steam result %d", int(r))
}

// barring are the results after which an account cannot log in until somebody
// does something about it: trying again only adds to what Steam counts.
var barring = map[steam.Result]string{
	steam.ResultInvalidPassword: "wrong name or password", steam.ResultTwoFactorMismatch: "wrong code of the authenticator",
	steam.ResultInvalidLoginCode: "wrong code from the mail", steam.ResultExpiredLoginCode: "expired code from the mail",
	steam.ResultBanned: "the account is banned", steam.ResultAccountDisabled: "the account is disabled",
	steam.ResultAccountLocked: "the account is locked", steam.ResultLogonDenied: "the login is denied",
	steam.ResultNeedTwoFactor: "a code of another authenticator is wanted", steam.ResultNeedCaptcha: "Steam wants to see a person",
}

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
	switch steam.Result(r) {
	case steam.ResultRateLimitExceeded, steam.ResultLoginThrottled:
		return steam.ErrRateLimited
	case steam.ResultNoMatch:
		return steam.ErrNotFound
	}
	if barring[steam.Result(r)] != "" {
		return steam.ErrCredentials
	}
	return steam.ErrUnavailable
}
