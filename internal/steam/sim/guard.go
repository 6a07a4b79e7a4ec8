package sim

import (
	"slices"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/steam/authpb"
)

const (
	mailLife    = Duration(5 * time.Minute) // a code sent by mail is good so long
	machineLife = 365 * 24 * time.Hour
	// machineAudience marks tokens that stand for a machine known by mail.
	machineAudience = "machine"
	codeAlphabet    = "23456789BCDFGHJKMNPQRTVWXY"
)

// guard is how the account proves a login after its password.
func (a *account) guard() int32 {
	switch {
	case a.SharedSecret != "":
		return authpb.GuardDeviceCode
	case a.EmailDomain != "":
		return authpb.GuardEmailCode
	}
	return authpb.GuardNone
}

// proofs are the ways in which a login may be proven.
func (a *account) proofs(l *login) []authpb.AllowedConfirmation {
	switch {
	case l.Proven:
		return []authpb.AllowedConfirmation{{Type: authpb.GuardNone}}
	case l.Code == "":
		return []authpb.AllowedConfirmation{{Type: authpb.GuardDeviceCode}, {Type: authpb.GuardDeviceConfirmation}}
	}
	list := []authpb.AllowedConfirmation{{Type: authpb.GuardEmailCode, Message: a.EmailDomain}}
	if l.Platform == authpb.PlatformWeb {
		list = append(list, authpb.AllowedConfirmation{Type: authpb.GuardMachineToken})
	}
	return list
}

// mailCode is the code that the numbered login sends by mail.
func (st *state) mailCode(n uint64) string {
	v := st.mix(11, n)
	b := make([]byte, 5)
	for i := range b {
		b[i] = codeAlphabet[v%uint64(len(codeAlphabet))]
		v /= uint64(len(codeAlphabet))
	}
	return string(b)
}

// tryCode checks a code; the window tells which half minute of the
// authenticator it belongs to and is 0 for codes by mail.
func (l *login) tryCode(a *account, m *authpb.GuardCodeRequest, reuse bool, at stamp) (int64, steam.Result) {
	if l.Code != "" {
		switch {
		case m.CodeType != authpb.GuardEmailCode || !strings.EqualFold(m.Code, l.Code):
			return 0, steam.ResultInvalidLoginCode
		case at >= l.Begun.add(mailLife):
			return 0, steam.ResultExpiredLoginCode
		}
		return 0, steam.ResultOK
	}
	used := a.UsedCodes
	if reuse {
		used = nil
	}
	window, ok := codeWindow(a.SharedSecret, m.Code, used, at)
	if !ok || m.CodeType != authpb.GuardDeviceCode {
		return 0, steam.ResultTwoFactorMismatch
	}
	return window, steam.ResultOK
}

// machineToken lets its bearer log in without another code by mail.
func (st *state) machineToken(a *account, at stamp) string {
	now := at.seconds()
	return st.token(claims{
		Issuer: "steam", Subject: a.SteamID, Audience: []string{machineAudience}, NotBefore: now, Issued: now,
		Expires: now + int64(machineLife/time.Second), ID: "machine", Epoch: a.Epoch,
	})
}

// knownMachine reports whether the token was given to the account for a machine.
func (st *state) knownMachine(a *account, token string, at stamp) bool {
	c, of, ok := st.readClaims(token, at)
	return ok && of == a && a.guard() == authpb.GuardEmailCode && slices.Contains(c.Audience, machineAudience)
}

// checkDevice is where web logins ask for the mail: a machine that is known
// needs none.
func (q *call) checkDevice() (reply, error) {
	answer := func(r steam.Result) (reply, error) {
		return document(map[string]any{"success": r == steam.ResultOK, "result": int(r)}), nil
	}
	client := q.unsigned("clientid")
	l, result := q.findLogin(client)
	a := q.account
	if l == nil || a == nil || a.SteamID.String() != q.r.FormValue("steamid") {
		return answer(max(result, steam.ResultFileNotFound))
	}
	if l.Proven {
		return answer(steam.ResultOK)
	}
	if !q.sim.state.knownMachine(a, q.cookie("steamMachineAuth"+a.SteamID.String()), q.at) {
		return answer(steam.ResultInvalidParam)
	}
	if err := q.sim.do(q.at, &guardCommand{Client: client}); err != nil {
		return reply{}, err
	}
	return answer(steam.ResultOK)
}
