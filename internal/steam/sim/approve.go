package sim

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"slices"
	"strconv"

	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/steam/authpb"
)

// approveCommand is a phone's answer to a login. A refused login is gone.
type approveCommand struct {
	Client  uint64
	Account steam.ID64
	Allow   bool
}

func (c *approveCommand) apply(st *state, _ stamp) {
	l := st.Logins[c.Client]
	if !c.Allow {
		delete(st.Logins, c.Client)
		return
	}
	l.Account, l.Proven, l.Seen = c.Account, true, true
}

// scanCommand notes that a phone has looked at a login.
type scanCommand struct{ Client uint64 }

func (c *scanCommand) apply(st *state, _ stamp) { st.Logins[c.Client].Seen = true }

// loginByCode begins a login that a phone approves by scanning a picture.
func (q *call) loginByCode() (reply, error) {
	var m authpb.BeginQRRequest
	if m.Unmarshal(q.input()) != nil {
		return protobuf(steam.ResultInvalidParam, nil), nil
	}
	c := &loginCommand{Platform: platformOf(m.PlatformType, m.DeviceDetails), QR: true, Device: clip(m.DeviceDetails.FriendlyName)}
	if err := q.sim.do(q.at, c); err != nil {
		return reply{}, err
	}
	return protobuf(steam.ResultOK, &authpb.BeginQRResponse{
		ClientID: c.client, ChallengeURL: challenge(c.client), RequestID: c.made.Request, Interval: pollInterval, Version: 1,
		AllowedConfirmations: []authpb.AllowedConfirmation{{Type: authpb.GuardDeviceConfirmation}},
	}), nil
}

// challenge is the address in the picture; phones read the number at its end.
func challenge(client uint64) string { return "https://s.team/q/1/" + decimal(client) }

// loginInfo shows a login to the phone that is asked to approve it.
func (q *call) loginInfo() (reply, error) {
	var m authpb.SessionInfoRequest
	me, _ := q.bearer()
	if me == nil || m.Unmarshal(q.input()) != nil {
		return protobuf(steam.ResultAccessDenied, nil), nil
	}
	l, result := q.findLogin(m.ClientID)
	q.account = me
	if l == nil || l.Account != 0 && l.Account != me.SteamID {
		return protobuf(max(result, steam.ResultFileNotFound), nil), nil
	}
	if !l.Seen {
		if err := q.sim.do(q.at, &scanCommand{Client: m.ClientID}); err != nil {
			return reply{}, err
		}
	}
	return protobuf(steam.ResultOK, &authpb.SessionInfoResponse{
		IP: "127.0.0.1", City: "Example", State: "Example", Country: "US", Platform: l.Platform, DeviceFriendlyName: l.Device, Version: 1,
	}), nil
}

// confirmLogin is the phone's answer, signed by the authenticator's secret.
func (q *call) confirmLogin() (reply, error) {
	var m authpb.MobileConfirmationRequest
	me, _ := q.bearer()
	if me == nil || m.Unmarshal(q.input()) != nil || m.SteamID != uint64(me.SteamID) {
		return protobuf(steam.ResultAccessDenied, nil), nil
	}
	l, result := q.findLogin(m.ClientID)
	q.account = me
	switch {
	case l == nil || l.Account != 0 && l.Account != me.SteamID:
		return protobuf(max(result, steam.ResultFileNotFound), nil), nil
	case l.Proven:
		return protobuf(steam.ResultDuplicateRequest, nil), nil
	case !me.signed(&m):
		return protobuf(steam.ResultAccessDenied, nil), nil
	}
	if err := q.sim.do(q.at, &approveCommand{Client: m.ClientID, Account: me.SteamID, Allow: m.Confirm}); err != nil {
		return reply{}, err
	}
	return protobuf(steam.ResultOK, nil), nil
}

// signed checks the HMAC over version, login and account.
func (a *account) signed(m *authpb.MobileConfirmationRequest) bool {
	key, err := base64.StdEncoding.DecodeString(a.SharedSecret)
	if err != nil || len(key) == 0 {
		return false
	}
	data := binary.LittleEndian.AppendUint16(nil, uint16(m.Version))
	data = binary.LittleEndian.AppendUint64(data, m.ClientID)
	data = binary.LittleEndian.AppendUint64(data, m.SteamID)
	h := hmac.New(sha256.New, key)
	h.Write(data)
	return hmac.Equal(h.Sum(nil), m.Signature)
}

// controlLogin is a login as the tester sees it: with the mail he would get.
type controlLogin struct {
	Client    string `json:"client_id"`
	Account   string `json:"account,omitempty"`
	Device    string `json:"device,omitempty"`
	Begun     string `json:"begun"`
	Proven    bool   `json:"proven"`
	MailCode  string `json:"email_code,omitempty"`
	Challenge string `json:"challenge_url,omitempty"`
}

// showLogins lists the logins that wait, oldest first.
func (q *call) showLogins([]byte) (any, error) {
	list := []controlLogin{}
	for id, l := range q.sim.state.Logins {
		if q.at >= l.Begun.add(loginLife) {
			continue
		}
		one := controlLogin{Client: decimal(id), Device: l.Device, Begun: l.Begun.time().Format(timeForm), Proven: l.Proven, MailCode: l.Code}
		if l.Account != 0 {
			one.Account = l.Account.String()
		}
		if l.QR {
			one.Challenge = challenge(id)
		}
		list = append(list, one)
	}
	slices.SortFunc(list, func(x, y controlLogin) int {
		if x.Begun != y.Begun {
			return cmp.Compare(x.Begun, y.Begun)
		}
		return cmp.Compare(x.Client, y.Client)
	})
	return map[string]any{"logins": list}, nil
}

// controlLogin approves or refuses a login as the account's phone would; by
// names the account of a login that has none yet.
func (q *call) controlLogin(body []byte) (any, error) {
	if err := decodeStrict(body, &struct{}{}); err != nil {
		return nil, err
	}
	verb := q.r.PathValue("verb")
	id, err := strconv.ParseUint(q.r.PathValue("id"), 10, 64)
	l := q.sim.state.Logins[id]
	if err != nil || l == nil || verb != "approve" && verb != "deny" {
		return nil, refuse(http.StatusNotFound, "login %q: not found, or %q is neither approve nor deny", clip(q.r.PathValue("id")), clip(verb))
	}
	who := l.Account
	if who == 0 {
		a := q.account64(q.r.FormValue("by"))
		if a == nil && verb == "approve" {
			return nil, refuse(http.StatusBadRequest, "by: want the account that approves")
		}
		if a != nil {
			who = a.SteamID
		}
	}
	if l.Proven {
		return nil, refuse(http.StatusConflict, "the login is proven already")
	}
	if err := q.sim.do(q.at, &approveCommand{Client: id, Account: who, Allow: verb == "approve"}); err != nil {
		return nil, err
	}
	return map[string]any{"client_id": decimal(id), "approved": verb == "approve"}, nil
}
