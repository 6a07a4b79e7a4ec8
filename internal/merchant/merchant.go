package merchant

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/merchant/sqlc"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/seal"
)

// Project is a merchant's shop: what it may do and where it is told about it.
// AllowedIPs and Origins are shared between readers and must not be changed.
type Project struct {
	ID              int64
	Name            string
	Active          bool
	Market          bool       // may buy items
	NoWait          bool       // may approve deposits before their hold ends
	LegacyStatuses  bool       // sees only the statuses of old clients
	Multiplier      money.Rate // what the payer sees for one dollar
	Commission      money.Rate // the gateway's part of a credited deposit
	ResultURL       string     // deposit notifications
	EventsURL       string     // purchase and balance events
	SuccessURL      string
	FailURL         string
	WebhookEncoding string         // "json" or "form"
	RateLimit       int            // calls a minute
	AllowedIPs      []netip.Prefix // empty: every address
	Origins         []string       // sites that may embed the payment page
	// Switches that are off unless the merchant wants them.
	NoLegacySign        bool // shopid and sign are not accepted
	StrongOnly          bool // every call carries the signature with time and nonce
	ArraysNeedAllowList bool // legacy signatures do not cover arrays: such calls need AllowedIPs
	NoAuthorizationCopy bool // event notifications carry Signature only
	NoSocketLogin       bool // sockets are not opened by the hash in the URL
	CreatedAt           time.Time
	// What deposits that may still be taken back may be worth together; 0: no limit.
	MaxUnsettled      money.Amount // of the project
	MaxUnsettledPayer money.Amount // of one payer, in all projects
}

// Secrets are the live secrets of a project. The old ones are empty unless
// they are being rotated.
type Secrets struct {
	Client, ClientOld, Webhook, WebhookOld seal.Secret
	// ClientAt and ClientOldAt tell the client secrets apart without showing
	// them: when each was made, never the same for two of a project.
	ClientAt, ClientOldAt time.Time
	ClientUsed            bool // the merchant has authenticated with Client
}

// Legacy returns the secret of legacy signatures and when it was made: the old
// one until the merchant has used the new one or the rotation ends, so that a
// receiver that still has only the old one can verify.
func (s Secrets) Legacy() (seal.Secret, time.Time) {
	if s.ClientOld != "" && !s.ClientUsed {
		return s.ClientOld, s.ClientOldAt
	}
	return s.Client, s.ClientAt
}

// NewProject is a project to add. ID 0 chooses a free one; secrets left empty
// are made.
type NewProject struct {
	Project
	ClientSecret, WebhookSecret string
}

// Purpose is what a secret is for.
type Purpose string

// The purposes: the client secret signs calls and legacy notifications, the
// webhook secret the Standard Webhooks signature.
const (
	Client  Purpose = "client"
	Webhook Purpose = "webhook"
)

// Totals are running sums of a project: settled deposits, and money spent on
// items or paid out.
type Totals struct{ Deals, Withdrawn money.Amount }

// Service keeps the projects. Its methods may be called concurrently.
type Service struct {
	db    *db.DB
	box   *seal.Box
	cache cache
}

// New returns the projects kept in d, with secrets sealed in box.
func New(d *db.DB, box *seal.Box) *Service {
	return &Service{db: d, box: box, cache: cache{began: time.Now()}}
}

// Add is [Service.AddTx] in a write of its own.
func (s *Service) Add(ctx context.Context, n NewProject, now time.Time) (Project, Secrets, error) {
	var p Project
	var k Secrets
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		var err error
		p, k, err = s.AddTx(ctx, tx, n, now)
		return err
	})
	if err != nil {
		return Project{}, Secrets{}, err
	}
	return p, k, nil
}

// AddTx stores a project with its secrets and returns both. A Multiplier of 0
// becomes 1, an empty WebhookEncoding "json", a RateLimit of 0 500. It returns
// [fault.Duplicate] when the id is taken and [fault.InvalidRequest] for
// settings that cannot be.
func (s *Service) AddTx(ctx context.Context, tx *db.Tx, n NewProject, now time.Time) (Project, Secrets, error) {
	n = withDefaults(n, now)
	if err := check(n); err != nil {
		return Project{}, Secrets{}, err
	}
	id, err := insertProject(ctx, tx, n.Project)
	if err != nil {
		return Project{}, Secrets{}, err
	}
	n.ID = id
	made := db.Micros(n.CreatedAt)
	for purpose, secret := range map[Purpose]string{Client: n.ClientSecret, Webhook: n.WebhookSecret} {
		if _, err := s.insertSecret(ctx, tx, id, purpose, slotNew, secret, made); err != nil {
			return Project{}, Secrets{}, err
		}
	}
	if err := sqlc.New(tx).InsertTotals(ctx, id); err != nil {
		return Project{}, Secrets{}, fmt.Errorf("add project: %w", err)
	}
	k := Secrets{Client: seal.Secret(n.ClientSecret), Webhook: seal.Secret(n.WebhookSecret), ClientAt: n.CreatedAt}
	return n.Project, k, nil
}

// Project returns a project as it is or was within the last second;
// [fault.NotFound] when there is none.
func (s *Service) Project(ctx context.Context, id int64) (Project, error) {
	g, err := s.generation(ctx)
	if err != nil {
		return Project{}, err
	}
	if p, ok := g.projects.Load(id); ok {
		return *p.(*Project), nil
	}
	p, err := findProject(ctx, s.db.Read(), id)
	if err != nil {
		return Project{}, err
	}
	g.projects.Store(id, &p)
	return p, nil
}

// Secrets returns the live secrets of a project as they are or were within the
// last second; [fault.NotFound] when there is no such project.
func (s *Service) Secrets(ctx context.Context, id int64) (Secrets, error) {
	g, err := s.generation(ctx)
	if err != nil {
		return Secrets{}, err
	}
	if k, ok := g.secrets.Load(id); ok {
		return *k.(*Secrets), nil
	}
	k, err := s.openSecrets(ctx, s.db.Read(), id)
	if err != nil {
		return Secrets{}, err
	}
	g.secrets.Store(id, &k)
	return k, nil
}

// Update replaces the settings of the project with p.ID; everything but
// CreatedAt changes. It returns [fault.NotFound] or [fault.InvalidRequest].
func (s *Service) Update(ctx context.Context, p Project) error {
	if err := checkSettings(p); err != nil {
		return err
	}
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		n, err := updateProject(ctx, tx, p)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.NotFound, "no project %d", p.ID)
		}
		return bump(ctx, tx)
	})
	if err != nil {
		return err
	}
	s.cache.drop()
	return nil
}
