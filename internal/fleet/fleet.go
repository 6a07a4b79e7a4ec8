package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/fleet/sqlc"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/seal"
	"github.com/skinrail/skinrail/internal/steam"
)

// Bot is one of our Steam accounts, without its secrets.
type Bot struct {
	ID           steam.ID64
	AccountName  string
	Persona      string
	TradeToken   string
	Enabled      bool // takes new work
	Quarantined  bool // sends and confirms nothing; never together with Enabled
	Stopped      bool // by [Service.Stop], with all others: quarantined until it is over
	Acknowledged bool // Steam's trade-protection rules
	Health       Health
	Note         string    // what Steam said
	Until        time.Time // when the reason ends by itself; zero: unknown
	Since        time.Time // when Health, Note or Until changed last
	OnDutySince  time.Time // when an operator set what it does last: enabled, draining, quarantined, stopped
	Limits       Limits
}

// Credentials are a bot's secrets; they print as [redacted].
type Credentials struct {
	Password       seal.Secret
	SharedSecret   seal.Secret
	IdentitySecret seal.Secret
	Proxy          seal.Secret // URL of the proxy it reaches Steam by; empty: directly
}

// NewBot is an account to add.
type NewBot struct {
	ID          steam.ID64
	AccountName string
	Persona     string
	TradeToken  string
	Credentials Credentials
}

// Service is the room; all methods may be called concurrently.
type Service struct {
	db        *db.DB
	box       *seal.Box
	version   atomic.Int64
	watchers  []func(steam.AppID, string)
	price     func(steam.AppID, string) (money.Amount, bool)
	mu        sync.Mutex
	protected map[steam.AppID]bool
}

// New makes the room; box seals the bots' secrets.
func New(d *db.DB, box *seal.Box) *Service { return &Service{db: d, box: box} }

// Version grows whenever anything of what can be sold may have changed; changes
// of single names are told to those who [Service.Watch].
func (s *Service) Version() int64 { return s.version.Load() }

// Touch says that anything of it may have changed, such as which bots work.
func (s *Service) Touch() { s.version.Add(1) }

// Watch calls f after each commit of this process that changed which items of a
// name our bots hold. f must be quick. Call Watch before the room is used.
func (s *Service) Watch(f func(app steam.AppID, name string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watchers = append(s.watchers, f)
}

// Value says how the worth of what bots hold is reckoned. Call it before the
// room is used; without it everything is worth nothing.
func (s *Service) Value(price func(app steam.AppID, name string) (money.Amount, bool)) {
	s.price = price
}

func (s *Service) tell(app steam.AppID, names map[string]struct{}) {
	s.mu.Lock()
	watchers := s.watchers
	s.mu.Unlock()
	for _, f := range watchers {
		for name := range names {
			f(app, name)
		}
	}
}

// sealedCredentials is the stored form of [Credentials].
type sealedCredentials struct {
	Password, SharedSecret, IdentitySecret string
	Proxy                                  string `json:",omitempty"`
}

func credentialsRow(id steam.ID64) string { return "bot/" + id.String() + "/credentials" }
func sessionRow(id steam.ID64) string     { return "bot/" + id.String() + "/session" }

// Add stores a bot with its secrets sealed; an account that is there already
// is [fault.Duplicate].
func (s *Service) Add(ctx context.Context, b NewBot, now time.Time) error {
	plain, err := b.Credentials.plain()
	if err != nil {
		return fmt.Errorf("add bot %s: %w", b.ID, err)
	}
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		return sqlc.New(tx).AddBot(ctx, sqlc.AddBotParams{SteamID: b.ID.String(), AccountName: b.AccountName, Persona: b.Persona,
			TradeToken: b.TradeToken, Sealed: s.box.Seal(plain, credentialsRow(b.ID)), Session: []byte{}, HealthAt: db.Micros(now)})
	})
	if db.IsUnique(err) {
		return fault.New(fault.Duplicate, "bot %s is there already", b.ID)
	}
	if err != nil {
		return fmt.Errorf("add bot %s: %w", b.ID, err)
	}
	return nil
}

// Bots lists all bots by id.
func (s *Service) Bots(ctx context.Context) ([]Bot, error) {
	rows, err := sqlc.New(s.db.Read()).Bots(ctx)
	if err != nil {
		return nil, err
	}
	bots := make([]Bot, 0, len(rows))
	for _, r := range rows {
		b, err := fromRow(r)
		if err != nil {
			return nil, err
		}
		bots = append(bots, b)
	}
	return bots, nil
}

// Secrets opens a bot's credentials and its stored session (empty: none).
func (s *Service) Secrets(ctx context.Context, id steam.ID64) (Credentials, []byte, error) {
	row, err := sqlc.New(s.db.Read()).Bot(ctx, id.String())
	if err != nil {
		return Credentials{}, nil, fmt.Errorf("secrets of bot %s: %w", id, err)
	}
	if len(row.Sealed) == 0 {
		return Credentials{}, nil, fmt.Errorf("bot %s: %w", id, ErrForgotten)
	}
	plain, err := s.box.Open(row.Sealed, credentialsRow(id))
	if err != nil {
		return Credentials{}, nil, fmt.Errorf("secrets of bot %s: %w", id, err)
	}
	var c sealedCredentials
	if err := json.Unmarshal(plain, &c); err != nil {
		return Credentials{}, nil, fmt.Errorf("secrets of bot %s: malformed", id)
	}
	creds := Credentials{seal.Secret(c.Password), seal.Secret(c.SharedSecret), seal.Secret(c.IdentitySecret), seal.Secret(c.Proxy)}
	if len(row.Session) == 0 {
		return creds, nil, nil
	}
	session, err := s.box.Open(row.Session, sessionRow(id))
	if err != nil {
		return Credentials{}, nil, fmt.Errorf("session of bot %s: %w", id, err)
	}
	return creds, session, nil
}

// KeepSession stores a session, sealed, so that a restart needs no new login.
func (s *Service) KeepSession(ctx context.Context, id steam.ID64, session []byte) error {
	sealed := s.box.Seal(session, sessionRow(id))
	return s.db.Write(ctx, func(tx *db.Tx) error {
		return sqlc.New(tx).SetSession(ctx, sqlc.SetSessionParams{Session: sealed, SteamID: id.String()})
	})
}

// KeepAcknowledged remembers that the account accepted Steam's rules.
func (s *Service) KeepAcknowledged(ctx context.Context, id steam.ID64) error {
	return s.db.Write(ctx, func(tx *db.Tx) error { return sqlc.New(tx).SetAcknowledged(ctx, id.String()) })
}

// Protected reports whether a game is under Steam's trade protection.
func (s *Service) Protected(ctx context.Context, app steam.AppID) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.protected == nil {
		apps, err := sqlc.New(s.db.Read()).ProtectedApps(ctx)
		if err != nil {
			return false, fmt.Errorf("protected games: %w", err)
		}
		s.protected = map[steam.AppID]bool{}
		for _, a := range apps {
			s.protected[steam.AppID(a)] = true
		}
	}
	return s.protected[app], nil
}

// Protect names games that are under trade protection.
func (s *Service) Protect(ctx context.Context, apps ...steam.AppID) error {
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		var errs []error
		for _, a := range apps {
			errs = append(errs, sqlc.New(tx).AddProtectedApp(ctx, int64(a)))
		}
		return errors.Join(errs...)
	})
	s.mu.Lock()
	s.protected = nil
	s.mu.Unlock()
	return err
}

func fromRow(r sqlc.Bot) (Bot, error) {
	id, err := steam.ParseID64(r.SteamID)
	if err != nil {
		return Bot{}, err
	}
	return Bot{ID: id, AccountName: r.AccountName, Persona: r.Persona, TradeToken: r.TradeToken, Enabled: r.Enabled,
		Quarantined: r.Quarantined || r.Stopped, Stopped: r.Stopped,
		Acknowledged: r.Acknowledged, Health: Health(r.Health), Note: r.HealthNote, Until: db.Time(r.HealthUntil), Since: db.Time(r.HealthAt), OnDutySince: db.Time(r.DutyAt),
		Limits: Limits{Games: splitApps(r.Games), Open: r.MaxOpen, Worth: money.Amount(r.MaxWorth)}}, nil
}
