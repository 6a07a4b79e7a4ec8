package sim

import (
	"cmp"
	"crypto/rsa"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/steam/authpb"
)

const (
	loginLife    = Duration(10 * time.Minute) // an unfinished login dies
	pollInterval = 0.1                        // seconds between polls; Steam says about 5
	keyStamp     = 104_729_600_000            // names the only key
)

// login is one session of IAuthenticationService.
type login struct {
	Account  steam.ID64
	Request  []byte
	Platform int32
	Begun    stamp
	Proven   bool
	Device   string `json:",omitempty"` // name of the device that logs in
	Code     string `json:",omitempty"` // sent by mail
	QR       bool   `json:",omitempty"` // has no account until a phone approves
	Seen     bool   `json:",omitempty"` // a phone has looked at it
	Brief    bool   `json:",omitempty"` // not to be remembered
}

// rsaCommand stands in journals from before the key came from the seed.
type rsaCommand struct{}

func (*rsaCommand) apply(*state, stamp) {}

// loginCommand begins a login whose password was right.
type loginCommand struct {
	Account  steam.ID64
	Platform int32
	Device   string `json:",omitempty"`
	Known    bool   `json:",omitempty"` // the machine has proven itself before
	QR       bool   `json:",omitempty"`
	Brief    bool   `json:",omitempty"`

	client uint64
	made   *login
}

func (c *loginCommand) apply(st *state, at stamp) {
	for id, l := range st.Logins {
		if at >= l.Begun.add(loginLife) {
			delete(st.Logins, id)
		}
	}
	st.Count.Login++
	c.client = st.mix(8, st.Count.Login)
	request := binary.BigEndian.AppendUint64(nil, st.mix(9, st.Count.Login))
	request = binary.BigEndian.AppendUint64(request, st.mix(10, st.Count.Login))
	c.made = &login{Account: c.Account, Request: request, Platform: c.Platform, Begun: at, Device: c.Device, QR: c.QR, Brief: c.Brief}
	st.Logins[c.client] = c.made
	if c.QR {
		return
	}
	switch a := st.byID[c.Account]; {
	case c.Known || a.guard() == authpb.GuardNone:
		c.made.Proven = true
	case a.guard() == authpb.GuardEmailCode:
		c.made.Code = st.mailCode(st.Count.Login)
	}
}

// guardCommand proves a login by a code of the given window.
type guardCommand struct {
	Client uint64
	Window int64
}

func (c *guardCommand) apply(st *state, _ stamp) {
	l := st.Logins[c.Client]
	l.Proven = true
	a := st.byID[l.Account]
	if c.Window == 0 {
		return // proven by mail or by a known machine
	}
	a.UsedCodes = append(slices.DeleteFunc(a.UsedCodes, func(w int64) bool { return w < c.Window-4 }), c.Window)
}

// pollCommand hands the tokens out: the session is spent.
type pollCommand struct {
	Client uint64
	Revoke uint64 `json:",omitempty"` // id of a token that the login replaces
}

func (c *pollCommand) apply(st *state, at stamp) {
	if l := st.Logins[c.Client]; c.Revoke != 0 && l != nil {
		st.revoke(c.Revoke, at)
	}
	delete(st.Logins, c.Client)
}

func (q *call) rsaKey() (reply, error) {
	key, err := loginKey(q.sim.state.Seed)
	if err != nil {
		return reply{}, err
	}
	return protobuf(steam.ResultOK, &authpb.RSAKeyResponse{
		Mod: fmt.Sprintf("%x", key.N), Exp: fmt.Sprintf("%06x", key.E), Timestamp: keyStamp,
	}), nil
}

func (q *call) beginLogin() (reply, error) {
	var m authpb.BeginRequest
	if m.Unmarshal(q.input()) != nil {
		return protobuf(steam.ResultInvalidParam, nil), nil
	}
	st := q.sim.state
	a := st.byName[strings.ToLower(m.AccountName)]
	if !q.passwordRight(a, &m) {
		return protobuf(steam.ResultInvalidPassword, nil), nil
	}
	q.account = a
	c := &loginCommand{
		Account: a.SteamID, Platform: platformOf(m.PlatformType, m.DeviceDetails), Known: st.knownMachine(a, m.GuardData, q.at),
		Device: clip(cmp.Or(m.DeviceFriendlyName, m.DeviceDetails.FriendlyName)), Brief: m.Persistence == 0 && !m.RememberLogin,
	}
	if err := q.sim.do(q.at, c); err != nil {
		return reply{}, err
	}
	out := &authpb.BeginResponse{
		ClientID: c.client, RequestID: c.made.Request, Interval: pollInterval, SteamID: uint64(a.SteamID),
		WeakToken: base64.RawURLEncoding.EncodeToString(st.sign("weak", decimal(c.client))),
	}
	out.AllowedConfirmations = a.proofs(c.made)
	return protobuf(steam.ResultOK, out), nil
}

// platformOf is where the login asks for: web logins name it in the details.
func platformOf(outer int32, details authpb.DeviceDetails) int32 {
	platform := outer
	if platform == authpb.PlatformUnknown {
		platform = details.PlatformType
	}
	if platformAudience[platform] == nil {
		return authpb.PlatformWeb
	}
	return platform
}

func (q *call) passwordRight(a *account, m *authpb.BeginRequest) bool {
	if a == nil || m.EncryptionTimestamp != keyStamp {
		return false
	}
	secret, err := base64.StdEncoding.DecodeString(m.EncryptedPassword)
	if err != nil {
		return false
	}
	key, err := loginKey(q.sim.state.Seed)
	if err != nil {
		return false
	}
	password, err := rsa.DecryptPKCS1v15(nil, key, secret)
	return err == nil && a.Password != "" && sameBytes(password, []byte(a.Password))
}

// loginAccount finds whose login a request belongs to, before it is handled.
func (q *call) loginAccount() *account {
	st := q.sim.state
	switch q.route.endpoint {
	case "rsa":
		var m authpb.RSAKeyRequest
		if m.Unmarshal(q.input()) == nil {
			return st.byName[strings.ToLower(m.AccountName)]
		}
	case "login":
		var m authpb.BeginRequest
		if m.Unmarshal(q.input()) == nil {
			return st.byName[strings.ToLower(m.AccountName)]
		}
	case "guard", "poll", "logininfo":
		var m authpb.PollRequest // both begin with the client id
		if m.Unmarshal(q.input()) == nil && st.Logins[m.ClientID] != nil {
			return st.byID[st.Logins[m.ClientID].Account]
		}
	case "token":
		var m authpb.AccessTokenRequest
		if m.Unmarshal(q.input()) == nil {
			return st.byID[steam.ID64(m.SteamID)]
		}
	}
	return nil
}

// findLogin is a session that has not died yet.
func (q *call) findLogin(client uint64) (*login, steam.Result) {
	l := q.sim.state.Logins[client]
	if l == nil {
		return nil, steam.ResultFileNotFound
	}
	q.account = q.sim.state.byID[l.Account]
	if q.at >= l.Begun.add(loginLife) {
		return nil, steam.ResultExpired
	}
	return l, steam.ResultOK
}

func (q *call) guardCode() (reply, error) {
	var m authpb.GuardCodeRequest
	if m.Unmarshal(q.input()) != nil {
		return protobuf(steam.ResultInvalidParam, nil), nil
	}
	l, result := q.findLogin(m.ClientID)
	if l == nil {
		return protobuf(result, nil), nil
	}
	if l.Proven {
		return protobuf(steam.ResultDuplicateRequest, nil), nil
	}
	a := q.account
	if a == nil || uint64(a.SteamID) != m.SteamID {
		return protobuf(steam.ResultInvalidParam, nil), nil
	}
	if q.full(limitWrongCodes, accountKey(a)) {
		return protobuf(steam.ResultLoginThrottled, nil), nil
	}
	window, result := l.tryCode(a, &m, q.sim.state.Settings.ReuseCodes, q.at)
	if result != steam.ResultOK {
		_, err := q.over(limitWrongCodes, accountKey(a))
		return protobuf(result, nil), err
	}
	if err := q.sim.do(q.at, &guardCommand{Client: m.ClientID, Window: window}); err != nil {
		return reply{}, err
	}
	return protobuf(steam.ResultOK, &authpb.GuardCodeResponse{}), nil
}

// codeWindow finds the unused half minute that the code belongs to: the present
// one or a neighbour.
func codeWindow(secret, code string, used []int64, at stamp) (int64, bool) {
	now := at.seconds() / 30
	for _, w := range []int64{now, now - 1, now + 1} {
		want, err := steam.Code(secret, time.Unix(w*30, 0))
		if err == nil && strings.EqualFold(want, code) && !slices.Contains(used, w) {
			return w, true
		}
	}
	return 0, false
}

func (q *call) pollLogin() (reply, error) {
	var m authpb.PollRequest
	if m.Unmarshal(q.input()) != nil {
		return protobuf(steam.ResultInvalidParam, nil), nil
	}
	l, result := q.findLogin(m.ClientID)
	if l == nil || !sameBytes(l.Request, m.RequestID) {
		return protobuf(max(result, steam.ResultFileNotFound), nil), nil
	}
	if !l.Proven {
		return protobuf(steam.ResultOK, &authpb.PollResponse{HadRemoteInteraction: l.Seen}), nil
	}
	if err := q.sim.do(q.at, &pollCommand{Client: m.ClientID, Revoke: m.TokenToRevoke}); err != nil {
		return reply{}, err
	}
	st, a := q.sim.state, q.account
	refresh := st.refreshToken(a, l, m.ClientID, q.at)
	out := &authpb.PollResponse{RefreshToken: refresh, AccountName: a.AccountName, HadRemoteInteraction: l.Seen}
	if l.Code != "" {
		out.NewGuardData = st.machineToken(a, q.at)
	}
	if c, _, ok := st.readToken(refresh, q.at); ok && l.Platform != authpb.PlatformMobile {
		out.AccessToken = st.accessToken(c, appAudience(c), q.at)
	}
	return protobuf(steam.ResultOK, out), nil
}

// appAudience is what GenerateAccessTokenForApp gives each platform.
func appAudience(c claims) []string {
	switch {
	case slices.Contains(c.Audience, "mobile"):
		return []string{"web", "mobile"}
	case slices.Contains(c.Audience, "client"):
		return []string{"client", "web"}
	}
	return []string{"web"}
}

// newAccessToken answers GenerateAccessTokenForApp for the mobile app; web
// tokens must go through finalizelogin instead.
func (q *call) newAccessToken() (reply, error) {
	var m authpb.AccessTokenRequest
	if m.Unmarshal(q.input()) != nil {
		return protobuf(steam.ResultInvalidParam, nil), nil
	}
	st := q.sim.state
	c, a, ok := st.readToken(m.RefreshToken, q.at)
	if !ok || !c.refresh() || uint64(a.SteamID) != m.SteamID || slices.Equal(c.Audience, platformAudience[authpb.PlatformWeb]) {
		return protobuf(steam.ResultAccessDenied, nil), nil
	}
	q.account = a
	if slices.Contains(c.Audience, "client") { // these renew over Steam's own network only
		return protobuf(steam.ResultLogonDenied, nil), nil
	}
	out := &authpb.AccessTokenResponse{}
	if m.RenewalType == 1 && q.at.seconds()-c.Issued >= int64(renewAfter/time.Second) {
		out.RefreshToken, c = st.renewedToken(c, q.at)
	}
	out.AccessToken = st.accessToken(c, appAudience(c), q.at)
	return protobuf(steam.ResultOK, out), nil
}

func (q *call) queryTime() (reply, error) {
	return api(map[string]any{
		"server_time": strconv.FormatInt(q.at.seconds(), 10), "skew_tolerance_seconds": "60", "large_time_jink": "86400",
		"probe_frequency_seconds": 3600, "adjusted_time_probe_frequency_seconds": 300, "hint_probe_frequency_seconds": 60,
		"sync_timeout": 60, "try_again_seconds": 900, "max_attempts": 3,
	}), nil
}

func sameBytes(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }

func decimal(n uint64) string { return strconv.FormatUint(n, 10) }
