package merchant

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/merchant/sqlc"
	"github.com/skinrail/skinrail/internal/money"
)

// Chosen ids have six digits, so that they are easy to read out; when those
// become rare, one digit more after every few tries.
const (
	firstID   = 100_000
	idTries   = 40
	idWidened = 4 // tries per width
)

// insertProject stores the project under its id or a free one, which it
// returns.
func insertProject(ctx context.Context, tx *db.Tx, p Project) (int64, error) {
	chosen := p.ID != 0
	span := int64(firstID * 9)
	for try := 1; try <= idTries; try++ {
		if !chosen {
			p.ID = firstID + rand.Int64N(span)
		}
		n, err := sqlc.New(tx).InsertProject(ctx, sqlc.InsertProjectParams(toRow(p)))
		if err != nil {
			return 0, fmt.Errorf("add project: %w", err)
		}
		if n == 1 {
			return p.ID, nil
		}
		if chosen {
			return 0, fault.New(fault.Duplicate, "project %d exists", p.ID)
		}
		if try%idWidened == 0 && span < maxID/100 {
			span *= 10
		}
	}
	return 0, errors.New("add project: no free id found")
}

func updateProject(ctx context.Context, tx *db.Tx, p Project) (int64, error) {
	r := toRow(p)
	return sqlc.New(tx).UpdateProject(ctx, sqlc.UpdateProjectParams{ID: r.ID, Name: r.Name, Active: r.Active,
		Market: r.Market, NoWait: r.NoWait, LegacyStatuses: r.LegacyStatuses, Multiplier: r.Multiplier,
		Commission: r.Commission, ResultUrl: r.ResultUrl, EventsUrl: r.EventsUrl, SuccessUrl: r.SuccessUrl,
		FailUrl: r.FailUrl, WebhookEncoding: r.WebhookEncoding, RateLimit: r.RateLimit, AllowedIps: r.AllowedIps,
		Origins: r.Origins, NoLegacySign: r.NoLegacySign, StrongOnly: r.StrongOnly, ArraysNeedAllowList: r.ArraysNeedAllowList,
		NoAuthorizationCopy: r.NoAuthorizationCopy, NoSocketLogin: r.NoSocketLogin,
		MaxUnsettled: r.MaxUnsettled, MaxUnsettledPayer: r.MaxUnsettledPayer})
}

func findProject(ctx context.Context, q db.Querier, id int64) (Project, error) {
	r, err := sqlc.New(q).Project(ctx, id)
	if errors.Is(err, sql.ErrNoRows) {
		return Project{}, fault.New(fault.NotFound, "no project %d", id)
	}
	if err != nil {
		return Project{}, fmt.Errorf("project %d: %w", id, err)
	}
	return fromRow(r)
}

// List returns all projects as they are now, lowest id first.
func (s *Service) List(ctx context.Context) ([]Project, error) {
	rows, err := sqlc.New(s.db.Read()).Projects(ctx)
	if err != nil {
		return nil, fmt.Errorf("list projects: %w", err)
	}
	all := make([]Project, 0, len(rows))
	for _, r := range rows {
		p, err := fromRow(r)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// AddTotalsTx adds to the running sums of a project; negative amounts take
// back. It returns [fault.NotFound] when there is no such project.
func (s *Service) AddTotalsTx(ctx context.Context, tx *db.Tx, project int64, deals, withdrawn money.Amount) error {
	n, err := sqlc.New(tx).AddTotals(ctx, sqlc.AddTotalsParams{Deals: int64(deals), Withdrawn: int64(withdrawn), ProjectID: project})
	if err != nil {
		return fmt.Errorf("totals of project %d: %w", project, err)
	}
	if n == 0 {
		return fault.New(fault.NotFound, "no project %d", project)
	}
	return nil
}

// Totals returns the running sums of a project as they are now;
// [fault.NotFound] when there is none.
func (s *Service) Totals(ctx context.Context, project int64) (Totals, error) {
	r, err := sqlc.New(s.db.Read()).Totals(ctx, project)
	if errors.Is(err, sql.ErrNoRows) {
		return Totals{}, fault.New(fault.NotFound, "no project %d", project)
	}
	if err != nil {
		return Totals{}, fmt.Errorf("totals of project %d: %w", project, err)
	}
	return Totals{Deals: money.Amount(r.Deals), Withdrawn: money.Amount(r.Withdrawn)}, nil
}

func toRow(p Project) sqlc.Project {
	networks := make([]string, 0, len(p.AllowedIPs))
	for _, a := range p.AllowedIPs {
		networks = append(networks, a.String())
	}
	return sqlc.Project{ID: p.ID, Name: p.Name, Active: p.Active, Market: p.Market, NoWait: p.NoWait,
		LegacyStatuses: p.LegacyStatuses, Multiplier: p.Multiplier.String(), Commission: p.Commission.String(),
		ResultUrl: p.ResultURL, EventsUrl: p.EventsURL, SuccessUrl: p.SuccessURL, FailUrl: p.FailURL,
		WebhookEncoding: p.WebhookEncoding, RateLimit: int64(p.RateLimit), AllowedIps: strings.Join(networks, " "),
		Origins: strings.Join(p.Origins, " "), CreatedAt: db.Micros(p.CreatedAt), NoLegacySign: p.NoLegacySign, StrongOnly: p.StrongOnly,
		ArraysNeedAllowList: p.ArraysNeedAllowList, NoAuthorizationCopy: p.NoAuthorizationCopy, NoSocketLogin: p.NoSocketLogin,
		MaxUnsettled: int64(p.MaxUnsettled), MaxUnsettledPayer: int64(p.MaxUnsettledPayer)}
}

// fromRow reads what toRow made; anything else there is an error.
func fromRow(r sqlc.Project) (Project, error) {
	multiplier, err1 := money.ParseRate(r.Multiplier)
	commission, err2 := money.ParseRate(r.Commission)
	networks, err3 := parseNetworks(r.AllowedIps)
	if err := errors.Join(err1, err2, err3); err != nil {
		return Project{}, fmt.Errorf("project %d: %w", r.ID, err)
	}
	return Project{ID: r.ID, Name: r.Name, Active: r.Active, Market: r.Market, NoWait: r.NoWait,
		LegacyStatuses: r.LegacyStatuses, Multiplier: multiplier, Commission: commission, ResultURL: r.ResultUrl,
		EventsURL: r.EventsUrl, SuccessURL: r.SuccessUrl, FailURL: r.FailUrl, WebhookEncoding: r.WebhookEncoding,
		RateLimit: int(r.RateLimit), AllowedIPs: networks, Origins: strings.Fields(r.Origins),
		CreatedAt: db.Time(r.CreatedAt), NoLegacySign: r.NoLegacySign, StrongOnly: r.StrongOnly, ArraysNeedAllowList: r.ArraysNeedAllowList,
		NoAuthorizationCopy: r.NoAuthorizationCopy, NoSocketLogin: r.NoSocketLogin,
		MaxUnsettled: money.Amount(r.MaxUnsettled), MaxUnsettledPayer: money.Amount(r.MaxUnsettledPayer)}, nil
}

func parseNetworks(list string) ([]netip.Prefix, error) {
	var networks []netip.Prefix
	for text := range strings.FieldsSeq(list) {
		n, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, err
		}
		networks = append(networks, n)
	}
	return networks, nil
}
