package web

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/skinrail/skinrail/internal/random"
	"github.com/skinrail/skinrail/internal/steam"
)

// Endpoints are the base URLs of Steam's roles, without a slash at the end.
type Endpoints struct {
	Community string // inventories, offers, confirmations
	API       string // Web API
	Login     string // not used by mobile sessions
	Store     string // not used by mobile sessions
}

// Account is a bot's identity on Steam. It prints without its secrets.
type Account struct {
	ID             steam.ID64
	Name           string
	Password       string
	SharedSecret   string // base64 or hex, for login codes
	IdentitySecret string // base64 or hex, for confirmations
	Proxy          string // URL of the proxy it leaves by, may hold a password; empty: directly
}

func (a Account) String() string { return "account " + a.ID.String() + " [redacted]" }

// GoString is String: %#v shows no secret either.
func (a Account) GoString() string { return a.String() }

// LogValue keeps the secrets out of logs.
func (a Account) LogValue() slog.Value { return slog.StringValue(a.String()) }

// MarshalText keeps the secrets out of anything that prints by encoding.
func (a Account) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// Options are what a [Client] needs. Account, Endpoints.Community and
// Endpoints.API must be given.
type Options struct {
	Endpoints     Endpoints
	Account       Account
	Session       []byte            // from an earlier start; nil: log in when first needed
	Transport     http.RoundTripper // nil: a transport of its own, through the account's proxy
	Now           func() time.Time  // nil: time.Now
	Pace          Pace              // zero: no gaps
	Timeout       time.Duration     // per request; zero: 30 s
	InventoryPage int               // items per page; zero: 1000
	// Permit is asked right before each request; its error keeps the request from
	// leaving. nil: all may.
	Permit func(*http.Request) error
	// OnSession is called with the new state whenever the session changed, in
	// order, from within the call that changed it. It must not call the client.
	OnSession func([]byte)
	Logger    *slog.Logger  // nil: silent
	Random    random.Source // of session ids
}

func (o Options) String() string { return "steam client of " + o.Account.String() }

// GoString is String.
func (o Options) GoString() string { return o.String() }

// LogValue keeps the secrets out of logs.
func (o Options) LogValue() slog.Value { return slog.StringValue(o.String()) }

// Client is one bot account on Steam. All methods may be called concurrently.
type Client struct {
	account   Account
	community string
	api       string
	http      *http.Client
	now       func() time.Time
	pace      Pace
	timeout   time.Duration
	page      int
	permit    func(*http.Request) error
	onSession func([]byte)
	log       *slog.Logger
	random    random.Source

	login   gate       // held while a session is renewed or made
	writes  gate       // held by a call with an effect
	anew    string     // under writes: the access token that was renewed because a send was turned down
	changes sync.Mutex // held while a changed session is stored

	mu        sync.Mutex
	session   session
	retryAt   time.Time // no renewal of a usable session before this
	barredTil time.Time // no login before this, by the machine's clock
	barredFor error     // why
	keyTime   int64     // newest time a confirmation key was made for
	date      Date
}

var _ steam.Client = (*Client)(nil)

// Date pairs Steam's own clock, as its last answer told it, with the client's
// clock at that moment.
type Date struct {
	Steam, Ours time.Time
}

// New makes a client without speaking to Steam. It returns an error for options
// that cannot work. A stored session that is damaged or belongs to another
// account is dropped.
func New(o Options) (*Client, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	c := &Client{
		account:   o.Account,
		community: o.Endpoints.Community,
		api:       o.Endpoints.API,
		now:       o.Now,
		pace:      o.Pace,
		timeout:   o.Timeout,
		page:      o.InventoryPage,
		permit:    o.Permit,
		onSession: o.OnSession,
		log:       o.Logger,
		random:    o.Random,
		login:     make(gate, 1),
		writes:    make(gate, 1),
	}
	transport := o.Transport
	if transport == nil {
		var err error
		if transport, err = outgoing(o.Account.Proxy); err != nil {
			return nil, fmt.Errorf("steam account %s: %w", o.Account.ID, err)
		}
	}
	c.fillIn(transport)
	if err := c.restore(o.Session); err != nil {
		c.log.Warn("stored steam session dropped", "account", c.account.ID, "error", err)
	}
	return c, nil
}

func (c *Client) fillIn(transport http.RoundTripper) {
	c.http = &http.Client{Transport: transport, CheckRedirect: stay}
	if c.permit == nil {
		c.permit = func(*http.Request) error { return nil }
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.timeout == 0 {
		c.timeout = 30 * time.Second
	}
	if c.page == 0 {
		c.page = 1000
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
}

// stay follows no redirect: where Steam sends us is an answer, not a step.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func (o Options) check() error {
	if _, err := steam.ParseID64(o.Account.ID.String()); err != nil {
		return fmt.Errorf("steam account: %w", err)
	}
	if o.Account.Name == "" || o.Account.Password == "" {
		return fmt.Errorf("steam account %s: name and password are needed", o.Account.ID)
	}
	if _, err := steam.Code(o.Account.SharedSecret, time.Unix(0, 0)); err != nil {
		return fmt.Errorf("steam account %s: shared secret: %w", o.Account.ID, err)
	}
	if _, err := steam.ConfirmationKey(o.Account.IdentitySecret, time.Unix(0, 0), "list"); err != nil {
		return fmt.Errorf("steam account %s: identity secret: %w", o.Account.ID, err)
	}
	if o.Account.Proxy != "" && o.Transport != nil {
		return fmt.Errorf("steam account %s: a proxy and a transport exclude each other", o.Account.ID)
	}
	if o.Timeout < 0 || o.InventoryPage < 0 {
		return errors.New("steam client: timeout and inventory page must not be negative")
	}
	return errors.Join(checkBase("community", o.Endpoints.Community), checkBase("api", o.Endpoints.API))
}

func checkBase(role, base string) error {
	u, err := url.Parse(base)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil ||
		u.RawQuery != "" || u.Fragment != "" || strings.HasSuffix(base, "/") {
		return fmt.Errorf("steam %s base: want scheme://host[:port][/path] without a slash at the end", role)
	}
	return nil
}

// ID is the account.
func (c *Client) ID() steam.ID64 { return c.account.ID }

// String names the account without its secrets.
func (c *Client) String() string { return c.account.String() }

// GoString is String.
func (c *Client) GoString() string { return c.String() }

// LogValue keeps the secrets out of logs.
func (c *Client) LogValue() slog.Value { return slog.StringValue(c.String()) }

// LastDate is the newest pair of clocks; zero before the first answer.
func (c *Client) LastDate() Date {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.date
}
