// Package web speaks to Steam over HTTP as one bot account. It implements
// [steam.Client], and [OpenID] checks that a visitor owns a Steam account.
//
// # What holds
//
// A call with an effect ends in done, refused with a reason, or unknown, and is
// never repeated blindly: one repeat follows a renewed session, and only after
// an answer that proves that nothing happened. Reads either return what Steam
// said or an error of package steam; HTML, a cut answer or one without the
// members that matter is an error, not an empty result.
//
// Passwords, secrets and tokens appear in no error and no log line: errors name
// the method and path of a request, never its query.
//
// # How to read it
//
// client.go has the options; transport.go sends one request; session.go keeps
// the session and login.go makes one; effect.go runs a call with an effect and
// refusal.go reads Steam's sentences. decode.go reads Steam's loose JSON. The
// rest is one file for each kind of call.
//
// Account time (codes, confirmation keys, tokens) is the clock handed in,
// corrected by Steam's own; pacing and timeouts use the machine's clock.
package web
