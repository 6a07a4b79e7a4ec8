package reconcile_test

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/reconcile"
	"github.com/skinrail/skinrail/internal/seal"
	"github.com/skinrail/skinrail/internal/trade"
)

// A hundred drifts among the trades of a bot are found, kept and counted by one
// reconciliation, within the time for it. SKINRAIL_RECONCILE is how many trades.
func TestHundredDriftsAmongManyStoredTradesAreFound(t *testing.T) {
	t.Parallel()
	n, err := strconv.Atoi(os.Getenv("SKINRAIL_RECONCILE"))
	if err != nil {
		n = 5000
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := rand.New(rand.NewPCG(5, 6))
		all := views(r, n/len(states))
		want, more := plant(t, r, all)
		store(t, d, all)
		s := reconcile.New(d, trade.New(d), fleet.New(d, seal.New([32]byte{7})))
		began := time.Now()
		k, err := s.Kept(t.Context(), bot, reconcile.Shown{From: noon.Add(-reconcile.Span)})
		if err != nil {
			t.Fatal(err)
		}
		found := compareKept(k, all, more)
		for range 2 { // what is seen twice is certain
			if _, _, err := s.Keep(t.Context(), bot, found, covered, noon); err != nil {
				t.Fatal(err)
			}
		}
		took := time.Since(began)
		check(t, want, found)
		counts, err := s.Counts(t.Context())
		certain, kinds := int64(0), 0
		for _, c := range counts {
			certain += c.Certain
			kinds++
		}
		if err != nil || certain != 100 || kinds < 12 {
			t.Errorf("%d certain of %d kinds, %v", certain, kinds, err)
		}
		if took > 30*time.Second {
			t.Errorf("took %s", took)
		}
		t.Logf("%d trades compared, %d drifts of %d kinds found in %s", len(k.Trades), certain, kinds, took.Round(time.Millisecond))
	})
}

// A step that stood still for long, or a wrong clock, dates an end before Steam's
// own: what Steam shows is ours all the same.
func TestWhatSteamShowsIsKnownWheneverItEnded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		all := views(rand.New(rand.NewPCG(7, 8)), 3)
		store(t, d, all)
		shown := reconcile.Shown{From: noon.Add(time.Hour)}
		for _, p := range all {
			if p.offer.ID != "" {
				shown.Offers = append(shown.Offers, p.offer)
			}
			if p.record.ID != "" {
				shown.Trades = append(shown.Trades, p.record)
			}
		}
		s := reconcile.New(d, trade.New(d), fleet.New(d, seal.New([32]byte{7})))
		for _, half := range []reconcile.Shown{shown, {From: shown.From, Trades: shown.Trades, Offers: shown.Offers[:1]}} {
			k, err := s.Kept(t.Context(), bot, half)
			if err != nil {
				t.Fatal(err)
			}
			if found := compareKept(k, all, nil); len(found) != 0 {
				t.Errorf("%+v", found)
			}
		}
	})
}

// store writes our side of the orders as it would have been kept.
func store(t *testing.T, d *db.DB, all []*pair) {
	t.Helper()
	null := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	err := d.Write(t.Context(), func(tx *db.Tx) error {
		for _, p := range all {
			if p.t.ID < 0 {
				continue
			}
			ended := int64(0)
			if !p.t.State.Live() {
				ended = db.Micros(noon)
			}
			var id int64
			err := tx.QueryRowContext(context.Background(), `insert into trade (reference, owner, bot, partner, token, direction, state, offer_id, steam_trade, due_at,
				deadline, created_at, accepted_at, ended_at) values ($1, $2, $3, $4, 'abcdefgh', $5, $6, $7, $8, $9, $9, $10, $11, $12) returning id`,
				p.t.Reference, p.t.Owner, bot.String(), p.t.Partner.String(), p.t.Direction, string(p.t.State), null(string(p.t.OfferID)), null(string(p.t.SteamTrade)),
				db.Micros(noon), db.Micros(p.t.CreatedAt), db.Micros(p.t.AcceptedAt), ended).Scan(&id)
			if err != nil {
				return err
			}
			for i, a := range p.t.Assets {
				_, err := tx.ExecContext(context.Background(), `insert into trade_asset (trade_id, line, app, context, asset, class_id, instance_id, name, new_context, new_asset)
					values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, id, i, int64(a.App), a.Context, a.ID, a.ClassID, a.InstanceID, a.Name, a.NewContext, a.NewAsset)
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
