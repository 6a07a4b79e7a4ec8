package web

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/steam/authpb"
)

// errRenewalRefused: the refresh token is missing, over or revoked.
var errRenewalRefused = errors.New("no renewal with the refresh token")

const (
	deviceName = "Skinrail"
	codeWindow = 30 // seconds
	pollFor    = 2 * time.Minute
)

type message interface {
	Marshal() []byte
	Unmarshal([]byte) error
}

// auth calls one method of IAuthenticationService. Results other than OK are a
// [resultError].
func (c *Client) auth(ctx context.Context, method string, in, out message) error {
	params := url.Values{"input_protobuf_encoded": {base64.StdEncoding.EncodeToString(in.Marshal())}}
	k := call{base: c.api, path: "/IAuthenticationService/" + method + "/v1/"}
	if method == "GetPasswordRSAPublicKey" {
		k.query = params
	} else {
		k.form = params
	}
	a, err := c.do(ctx, k)
	if err != nil {
		return err
	}
	if a.status == http.StatusTooManyRequests {
		return fmt.Errorf("%s: %w", k, steam.ErrRateLimited)
	}
	result, err := strconv.Atoi(a.header.Get("X-Eresult"))
	if err != nil {
		return fmt.Errorf("%s: status %d: %w", k, a.status, malformed("a result"))
	}
	if steam.Result(result) != steam.ResultOK {
		return fmt.Errorf("%s: %w", k, resultError(result))
	}
	if a.status != http.StatusOK {
		return fmt.Errorf("%s: %w: status %d", k, steam.ErrUnavailable, a.status)
	}
	if err := out.Unmarshal(a.body); err != nil {
		return fmt.Errorf("%s: %w", k, malformed("a readable message"))
	}
	return nil
}

// renew gets a new access token, and a new refresh token once the old one has
// passed two thirds of its life.
func (c *Client) renew(ctx context.Context, s session) (session, error) {
	at := s.at(c.now())
	if !s.Refresh.alive(at) {
		return s, errRenewalRefused
	}
	in := authpb.AccessTokenRequest{RefreshToken: s.Refresh.Text, SteamID: uint64(s.Account)}
	if s.Refresh.old(at) {
		in.RenewalType = 1
	}
	var out authpb.AccessTokenResponse
	err := c.auth(ctx, "GenerateAccessTokenForApp", &in, &out)
	if r, ok := errors.AsType[resultError](err); ok && !r.temporary() {
		return s, fmt.Errorf("%w: %w", errRenewalRefused, err)
	}
	if err != nil {
		return s, err
	}
	if offset, err := c.queryOffset(ctx); err == nil { // the old one will do otherwise
		s.Offset = offset
	}
	if s.Access, err = newToken(out.AccessToken, s.Account, at); err != nil {
		return s, err
	}
	if out.RefreshToken != "" {
		if s.Refresh, err = newToken(out.RefreshToken, s.Account, at); err != nil {
			return s, err
		}
	}
	return s, nil
}

// logIn makes a session from the password and a code.
func (c *Client) logIn(ctx context.Context, s session) (session, error) {
	if err := c.barred(); err != nil {
		return s, err
	}
	if err := c.pace.logins.enter(ctx); err != nil {
		return s, err
	}
	defer c.pace.logins.leave()
	if err := wait(ctx, c.pace.login); err != nil {
		return s, err
	}
	s, err := c.credentials(ctx, s)
	if err != nil {
		// The code's window must not be used again, whatever became of it.
		c.change(func(now *session) { now.Window, now.Offset = s.Window, s.Offset })
		return s, c.bar(fmt.Errorf("log in: %w", err))
	}
	c.log.Info("logged in to steam", "account", c.account.ID)
	return s, nil
}

// barred refuses logins for a while after Steam refused one.
func (c *Client) barred() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if left := time.Until(c.barredTil); left > 0 {
		if errors.Is(c.barredFor, steam.ErrCredentials) { // stays the reason while nothing is tried
			return fmt.Errorf("%w; %w", c.barredFor, steam.Limited{For: left})
		}
		return steam.Limited{For: left}
	}
	return nil
}

func (c *Client) bar(err error) error {
	if errors.Is(err, steam.ErrRateLimited) || errors.Is(err, steam.ErrCredentials) {
		c.mu.Lock()
		c.barredTil, c.barredFor = time.Now().Add(c.pace.penalty), err
		c.mu.Unlock()
	}
	return err
}

func (c *Client) credentials(ctx context.Context, s session) (session, error) {
	offset, err := c.queryOffset(ctx)
	if err != nil {
		return s, err
	}
	s.Offset = offset
	begun, err := c.begin(ctx)
	if err != nil {
		return s, err
	}
	if s.Window, err = c.guard(ctx, begun, s); err != nil {
		return s, err
	}
	return c.poll(ctx, begun, s)
}

// queryOffset asks Steam for its time.
func (c *Client) queryOffset(ctx context.Context) (int64, error) {
	k := call{base: c.api, path: "/ITwoFactorService/QueryTime/v1/", form: url.Values{}}
	a, err := c.do(ctx, k)
	if err != nil {
		return 0, err
	}
	var out struct {
		Response struct {
			Time moment `json:"server_time"`
		} `json:"response"`
	}
	if err := errors.Join(a.fault(), decode(a.body, &out)); err != nil {
		return 0, fmt.Errorf("%s: %w", k, err)
	}
	if out.Response.Time.IsZero() {
		return 0, fmt.Errorf("%s: %w", k, malformed("a time"))
	}
	return out.Response.Time.Unix() - c.now().Unix(), nil
}

func (c *Client) begin(ctx context.Context) (authpb.BeginResponse, error) {
	var key authpb.RSAKeyResponse
	var begun authpb.BeginResponse
	err := c.auth(ctx, "GetPasswordRSAPublicKey", &authpb.RSAKeyRequest{AccountName: c.account.Name}, &key)
	if err != nil {
		return begun, err
	}
	password, err := encrypt(c.account.Password, key)
	if err != nil {
		return begun, err
	}
	err = c.auth(ctx, "BeginAuthSessionViaCredentials", &authpb.BeginRequest{
		DeviceFriendlyName: deviceName, AccountName: c.account.Name, EncryptedPassword: password,
		EncryptionTimestamp: key.Timestamp, RememberLogin: true, PlatformType: authpb.PlatformMobile,
		Persistence: 1, WebsiteID: "Mobile",
		DeviceDetails: authpb.DeviceDetails{FriendlyName: deviceName, PlatformType: authpb.PlatformMobile},
	}, &begun)
	if err != nil {
		return begun, err
	}
	if begun.SteamID != uint64(c.account.ID) {
		return begun, fmt.Errorf("%w: the account name belongs to another steam id", steam.ErrCredentials)
	}
	return begun, nil
}

// encrypt is RSA PKCS#1 v1.5, as Steam demands.
func encrypt(password string, key authpb.RSAKeyResponse) (string, error) {
	mod, err := hex.DecodeString(key.Mod)
	if err != nil || len(mod) < 128 || len(mod) > 1024 {
		return "", malformed("a usable key")
	}
	exp, err := strconv.ParseUint(key.Exp, 16, 31)
	if err != nil || exp < 3 {
		return "", malformed("a usable key")
	}
	public := &rsa.PublicKey{N: new(big.Int).SetBytes(mod), E: int(exp)}
	sealed, err := rsa.EncryptPKCS1v15(rand.Reader, public, []byte(password))
	if err != nil {
		return "", malformed("a usable key")
	}
	return base64.StdEncoding.EncodeToString(sealed), nil
}

// guard sends a code if the account asks for one, and returns the newest window
// whose code was used. Steam takes each code once: a login within the same 30
// seconds sends the next window's, which Steam's tolerance covers.
func (c *Client) guard(ctx context.Context, begun authpb.BeginResponse, s session) (int64, error) {
	kinds := func(kind int32) bool {
		return slices.ContainsFunc(begun.AllowedConfirmations, func(a authpb.AllowedConfirmation) bool { return a.Type == kind })
	}
	if !kinds(authpb.GuardDeviceCode) {
		if kinds(authpb.GuardNone) {
			return s.Window, nil
		}
		return s.Window, fmt.Errorf("%w: the account asks for a proof other than the authenticator's code", steam.ErrCredentials)
	}
	used := s.Window
	for range 2 {
		window := s.at(c.now()) / codeWindow
		if used == window || used == window+1 {
			window = used + 1
		}
		err := c.sendCode(ctx, begun, window)
		if err == nil {
			return window, nil
		}
		used = window
		if r, ok := errors.AsType[resultError](err); !ok || steam.Result(r) != steam.ResultTwoFactorMismatch {
			return used, err
		}
	}
	return used, fmt.Errorf("%w: login codes refused (shared secret or clock)", steam.ErrCredentials)
}

func (c *Client) sendCode(ctx context.Context, begun authpb.BeginResponse, window int64) error {
	code, err := steam.Code(c.account.SharedSecret, time.Unix(window*codeWindow, 0))
	if err != nil {
		return err
	}
	var out authpb.GuardCodeResponse
	err = c.auth(ctx, "UpdateAuthSessionWithSteamGuardCode", &authpb.GuardCodeRequest{
		ClientID: begun.ClientID, SteamID: begun.SteamID, Code: code, CodeType: authpb.GuardDeviceCode,
	}, &out)
	if r, ok := errors.AsType[resultError](err); ok && steam.Result(r) == steam.ResultDuplicateRequest {
		return nil // an earlier code was taken
	}
	return err
}

// poll waits for the tokens.
func (c *Client) poll(ctx context.Context, begun authpb.BeginResponse, s session) (session, error) {
	ctx, cancel := context.WithTimeout(ctx, pollFor)
	defer cancel()
	seconds := 0.05 // also for an interval that is no number
	if float64(begun.Interval) > seconds {
		seconds = min(float64(begun.Interval), 30)
	}
	gap := time.Duration(seconds * float64(time.Second))
	in := authpb.PollRequest{ClientID: begun.ClientID, RequestID: begun.RequestID}
	for {
		var out authpb.PollResponse
		if err := c.auth(ctx, "PollAuthSessionStatus", &in, &out); err != nil {
			return s, err
		}
		if out.RefreshToken != "" {
			return c.adopt(ctx, out, s)
		}
		if out.NewClientID != 0 {
			in.ClientID = out.NewClientID
		}
		select {
		case <-time.After(gap):
		case <-ctx.Done():
			return s, fmt.Errorf("%w: login not confirmed: %w", steam.ErrUnavailable, ctx.Err())
		}
	}
}

func (c *Client) adopt(ctx context.Context, out authpb.PollResponse, s session) (session, error) {
	var err error
	if s.Refresh, err = newToken(out.RefreshToken, s.Account, s.at(c.now())); err != nil {
		return s, err
	}
	if out.AccessToken == "" {
		return c.renew(ctx, s) // mobile logins may end without one
	}
	s.Access, err = newToken(out.AccessToken, s.Account, s.at(c.now()))
	return s, err
}
