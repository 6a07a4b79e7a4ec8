package reconcile

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/reconcile/sqlc"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

// Span is how far back trades are compared from where the look before ended:
// longer than any hold, and than offers live.
const Span = 30 * 24 * time.Hour

// Service is the room; its methods may be called concurrently.
type Service struct {
	db     *db.DB
	trades *trade.Service
	fleet  *fleet.Service
}

// New makes the room on an open database.
func New(d *db.DB, t *trade.Service, f *fleet.Service) *Service {
	return &Service{db: d, trades: t, fleet: f}
}

// Kept reads our view of a bot beside Steam's: what is live or has ended since
// then, and what Steam shows, whenever it has ended here. A step that stood still
// dates by when it began, and clocks may have been wrong.
func (s *Service) Kept(ctx context.Context, bot steam.ID64, shown Shown) (Kept, error) {
	k := Kept{Items: map[steam.AppID][]fleet.Held{}}
	var err error
	if k.Trades, err = s.trades.Since(ctx, bot, shown.From); err != nil {
		return Kept{}, fmt.Errorf("read trades since %s: %w", shown.From, err)
	}
	if k.Trades, err = s.older(ctx, bot, k.Trades, shown); err != nil {
		return Kept{}, fmt.Errorf("read trades that Steam shows: %w", err)
	}
	for app := range shown.Items {
		if k.Items[app], err = s.fleet.Items(ctx, bot, app, steam.ContextMain); err != nil {
			return Kept{}, fmt.Errorf("read items of %d: %w", app, err)
		}
	}
	return k, nil
}

// older adds those of a bot's trades that Steam shows.
func (s *Service) older(ctx context.Context, bot steam.ID64, kept []trade.Trade, shown Shown) ([]trade.Trade, error) {
	have, named := map[string]bool{}, map[steam.TradeID]bool{}
	add := func(t trade.Trade, err error) error {
		if err == nil && t.Bot == bot && !have[t.Reference] {
			kept = append(kept, t)
			have[t.Reference], named[t.SteamTrade] = true, true
		}
		if errors.Is(err, fault.NotFound) {
			return nil // of somebody else
		}
		return err
	}
	for _, t := range kept {
		have[t.Reference], named[t.SteamTrade] = true, true
	}
	for _, o := range shown.Offers {
		if ref := trade.ReferenceIn(o.Message); standing(o.State) && !have[ref] {
			if err := add(s.trades.ByReference(ctx, ref)); err != nil {
				return nil, err
			}
		}
	}
	for _, t := range shown.Trades {
		if !named[t.ID] {
			if err := add(s.trades.BySteamTrade(ctx, t.ID)); err != nil {
				return nil, err
			}
		}
	}
	return kept, nil
}

// Since is the moment of Steam's from which a look at a bot must read: also a
// gateway that was off for long finds what came late before. now is Steam's
// time, as far as it is known.
func (s *Service) Since(ctx context.Context, bot steam.ID64, now time.Time) (time.Time, error) {
	compared, err := s.Compared(ctx)
	if at, ever := compared[bot.String()]; ever && at.Before(now) {
		now = at
	}
	return now.Add(-Span), err
}

// Keep stores what a look at a bot has found, at now, Steam's time as far as it is
// known, and ends what it has not though covered, by [Covered]. It returns how
// many drifts now stand that were seen twice or more, and whether some were seen
// only once.
func (s *Service) Keep(ctx context.Context, bot steam.ID64, found []Drift, covered func(Drift) bool, now time.Time) (standing int, fresh bool, err error) {
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		standing, fresh = 0, false
		q := sqlc.New(tx)
		if err := q.Compared(ctx, sqlc.ComparedParams{Bot: bot.String(), At: db.Micros(now)}); err != nil {
			return err
		}
		before, err := q.Standing(ctx, bot.String())
		if err != nil {
			return err
		}
		unseen := map[Drift]int64{}
		for _, r := range before {
			unseen[Drift{Kind: Kind(r.Kind), Subject: r.Subject}] = r.ID
		}
		for _, f := range found {
			key := Drift{Kind: f.Kind, Subject: f.Subject}
			if _, again := unseen[key]; again {
				standing++
			} else {
				fresh = true
			}
			delete(unseen, key)
			err := q.Saw(ctx, sqlc.SawParams{Bot: bot.String(), Kind: string(f.Kind), Subject: f.Subject, Detail: f.Detail, Now: db.Micros(now)})
			if err != nil {
				return err
			}
		}
		for d, r := range unseen {
			if !covered(d) {
				continue // it may be as it was: who deals with it ends it
			}
			if err := q.Gone(ctx, sqlc.GoneParams{GoneAt: db.Micros(now), ID: r}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, false, fmt.Errorf("keep drifts of %s: %w", bot, err)
	}
	return standing, fresh, nil
}

// Compared is when each bot was compared with the records last; one that never
// was is not in it.
func (s *Service) Compared(ctx context.Context) (map[string]time.Time, error) {
	rows, err := sqlc.New(s.db.Read()).LastCompared(ctx)
	if err != nil {
		return nil, fmt.Errorf("read when bots were compared: %w", err)
	}
	at := make(map[string]time.Time, len(rows))
	for _, r := range rows {
		at[r.Bot] = db.Time(r.At)
	}
	return at, nil
}

// Standing is a drift as it is kept.
type Standing struct {
	Drift
	Bot                 string
	Looks               int64 // in a row
	FirstSeen, LastSeen time.Time
}

// Certain reports that it was seen in two looks in a row.
func (s Standing) Certain() bool { return s.Looks > 1 }

// Open lists the drifts that stand, the oldest first.
func (s *Service) Open(ctx context.Context) ([]Standing, error) {
	rows, err := sqlc.New(s.db.Read()).Open(ctx)
	if err != nil {
		return nil, fmt.Errorf("read drifts: %w", err)
	}
	open := make([]Standing, 0, len(rows))
	for _, r := range rows {
		open = append(open, Standing{Drift: Drift{Kind(r.Kind), r.Subject, r.Detail}, Bot: r.Bot, Looks: r.Looks,
			FirstSeen: db.Time(r.FirstSeen), LastSeen: db.Time(r.LastSeen)})
	}
	return open, nil
}

// subject names an asset.
func subject(a steam.Asset) string { return fmt.Sprintf("%d/%s/%s", a.App, a.Context, a.ID) }

// Count is how many drifts of a kind stand, and how many of them are certain.
type Count struct {
	Kind       Kind
	N, Certain int64
}

// Counts counts the drifts that stand, by kind.
func (s *Service) Counts(ctx context.Context) ([]Count, error) {
	rows, err := sqlc.New(s.db.Read()).Counts(ctx)
	if err != nil {
		return nil, fmt.Errorf("count drifts: %w", err)
	}
	counts := make([]Count, 0, len(rows))
	for _, r := range rows {
		counts = append(counts, Count{Kind(r.Kind), r.N, r.Certain})
	}
	return counts, nil
}
