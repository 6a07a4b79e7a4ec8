package sandbox

import (
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/pricing"
	"github.com/skinrail/skinrail/internal/seal"
	"github.com/skinrail/skinrail/internal/steam"
)

// A first start can be interrupted anywhere: the next one seeds again.
func TestSeedingTwiceIsSeedingOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, now := t.Context(), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		box := seal.New([32]byte{1})
		r := Rooms{Merchants: merchant.New(d, box), Ledger: ledger.New(d), Pricing: pricing.New(d), Fleet: fleet.New(d, box)}
		f := example(t)
		for range 2 {
			if err := f.Seed(ctx, r, now); err != nil {
				t.Fatal(err)
			}
		}
		if b, err := r.Ledger.Balance(ctx, ledger.Available(770001)); err != nil || b != 1_000_000 {
			t.Errorf("balance %s, %v, want 1000.000", b, err)
		}
		p, err := r.Merchants.Project(ctx, 770001)
		if err != nil || !p.NoWait || !p.Market || p.Multiplier.String() != "1.1" || p.Commission.Cmp(money.MustRate("0.05")) != 0 {
			t.Errorf("project %+v, %v", p, err)
		}
		bots, err := r.Fleet.Bots(ctx)
		if err != nil || len(bots) != 1 {
			t.Fatalf("bots %v, %v", bots, err)
		}
		c, _, err := r.Fleet.Secrets(ctx, bots[0].ID)
		if err != nil || c.Password.Reveal() != "example bot password" {
			t.Errorf("the bot's secrets do not come back: %v", err)
		}
		if on, err := r.Fleet.Protected(ctx, steam.CS2); err != nil || !on {
			t.Errorf("cs2 is not protected: %v", err)
		}
		if a, ok := r.Pricing.BuyIn(steam.Rust, "Tempered AK47"); !ok || a != 9990 {
			t.Errorf("price %s %v", a, ok)
		}
	})
}
