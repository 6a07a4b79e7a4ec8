package fleet_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/seal"
	"github.com/skinrail/skinrail/internal/steam"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func newBot(n uint32) fleet.NewBot {
	return fleet.NewBot{ID: steam.FromAccount(n), AccountName: "bot", Persona: "Desk", TradeToken: "abcdefgh",
		Credentials: fleet.Credentials{Password: "very secret words", SharedSecret: "c2hhcmVk", IdentitySecret: "aWRlbnRpdHk="}}
}

func TestSecretsAreStoredSealed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := fleet.New(d, seal.New([32]byte{9}))
		b := newBot(1)
		if err := errors.Join(s.Add(t.Context(), b, noon), s.KeepSession(t.Context(), b.ID, []byte("refresh token"))); err != nil {
			t.Fatal(err)
		}
		if err := s.Add(t.Context(), b, noon); !errors.Is(err, fault.Duplicate) {
			t.Errorf("added twice: %v", err)
		}
		var sealed, session []byte
		if err := d.Read().QueryRowContext(t.Context(), "select sealed, session from bot").Scan(&sealed, &session); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(sealed, []byte("secret words")) || bytes.Contains(session, []byte("refresh")) {
			t.Error("a secret can be read in the database")
		}
		c, kept, err := s.Secrets(t.Context(), b.ID)
		if err != nil || c.Password.Reveal() != "very secret words" || string(kept) != "refresh token" {
			t.Errorf("secrets do not come back: %v", err)
		}
		if _, _, err := fleet.New(d, seal.New([32]byte{8})).Secrets(t.Context(), b.ID); err == nil {
			t.Error("another key opens them")
		}
	})
}

func item(id string) steam.Item {
	return steam.Item{Asset: steam.Asset{App: steam.CS2, Context: steam.ContextMain, ID: id}, Name: "P250", Tradable: true}
}

func TestItemsKeepTheirCatalogueIDWhileTheyAreThere(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := fleet.New(d, seal.New([32]byte{9}))
		b := newBot(1)
		if err := s.Add(t.Context(), b, noon); err != nil {
			t.Fatal(err)
		}
		sync := func(ids ...string) map[string]int64 {
			t.Helper()
			var items []steam.Item
			for _, id := range ids {
				items = append(items, item(id))
			}
			if err := s.SyncItems(t.Context(), b.ID, steam.CS2, steam.ContextMain, items, noon); err != nil {
				t.Fatal(err)
			}
			rows, err := d.Read().QueryContext(t.Context(), "select asset, id from bot_item where present")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = rows.Close() }()
			held := map[string]int64{}
			for rows.Next() {
				var asset string
				var id int64
				if err := rows.Scan(&asset, &id); err != nil {
					t.Fatal(err)
				}
				held[asset] = id
			}
			return held
		}
		first := sync("1", "2")
		var told []string
		s.Watch(func(app steam.AppID, name string) { told = append(told, fmt.Sprint(app, " ", name)) })
		second := sync("2", "3")
		if want := fmt.Sprint(steam.CS2, " ", item("3").Name); len(told) == 0 || told[0] != want {
			t.Errorf("told of %q, want %q", told, want)
		}
		told = nil
		if sync("2", "3"); len(told) != 0 {
			t.Errorf("told of %q when nothing had changed", told)
		}
		if len(second) != 2 || second["2"] != first["2"] || second["3"] == first["1"] {
			t.Errorf("first %v, then %v", first, second)
		}
		if n, err := s.Held(t.Context(), b.ID, steam.CS2); err != nil || n != 2 {
			t.Errorf("held %d, %v", n, err)
		}
	})
}

func TestReceiverIsReadyAndHasTheFewestOffersOut(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := fleet.New(d, seal.New([32]byte{9}))
		ctx := t.Context()
		if _, err := s.ChooseReceiver(ctx, steam.CS2, 1, 0); !errors.Is(err, fault.SteamUnavailable) {
			t.Errorf("no bots: %v", err)
		}
		for n := range uint32(3) {
			if err := s.Add(ctx, newBot(n+1), noon); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.ChooseReceiver(ctx, steam.CS2, 1, 0); !errors.Is(err, fault.SteamUnavailable) {
			t.Errorf("no bot is ready: %v", err)
		}
		two, three := steam.FromAccount(2), steam.FromAccount(3)
		if err := errors.Join(s.Report(ctx, two, fleet.Ready, "", noon), s.Report(ctx, three, fleet.Ready, "", noon)); err != nil {
			t.Fatal(err)
		}
		if b, err := s.ChooseReceiver(ctx, steam.CS2, 1, 0); err != nil || b.ID != two {
			t.Errorf("chose %v, %v", b.ID, err)
		}
		if err := s.Enable(ctx, two, false, time.Now()); err != nil {
			t.Fatal(err)
		}
		if b, err := s.ChooseReceiver(ctx, steam.CS2, 1, 0); err != nil || b.ID != three {
			t.Errorf("chose %v, %v", b.ID, err)
		}
		if _, err := s.ChooseReceiver(ctx, steam.CS2, 1001, 0); !errors.Is(err, fault.SteamUnavailable) {
			t.Errorf("more than an inventory takes: %v", err)
		}
	})
}

func TestReceiverIsWithinItsLimitsAndHoldsTheLeast(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := fleet.New(d, seal.New([32]byte{9}))
		s.Value(func(steam.AppID, string) (money.Amount, bool) { return 1000, true })
		ctx := t.Context()
		ok := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		one, two := steam.FromAccount(1), steam.FromAccount(2)
		for n := range uint32(2) {
			ok(s.Add(ctx, newBot(n+1), noon))
			ok(s.Report(ctx, steam.FromAccount(n+1), fleet.Ready, "", noon))
		}
		chosen := func(app steam.AppID, n int, worth money.Amount) steam.ID64 {
			t.Helper()
			b, err := s.ChooseReceiver(ctx, app, n, worth)
			if err != nil && !errors.Is(err, fault.SteamUnavailable) {
				t.Fatal(err)
			}
			return b.ID
		}
		items := func(n int) []steam.Item { return make([]steam.Item, n) }
		ok(s.CountItems(ctx, one, steam.CS2, steam.ContextProtected, items(3)))
		if got := chosen(steam.Rust, 1, 10); got != two {
			t.Errorf("worth is not spread: %v", got)
		}
		ok(s.CountItems(ctx, two, steam.CS2, steam.ContextProtected, items(998)))
		if got := chosen(steam.CS2, 2, 10); got != one {
			t.Errorf("the one with the least: %v", got)
		}
		ok(s.SetLimits(ctx, one, fleet.Limits{Worth: 5000}))
		if got := chosen(steam.CS2, 2, 2001); got != two {
			t.Errorf("above its worth: %v", got)
		}
		if got := chosen(steam.CS2, 3, 2001); got != 0 {
			t.Errorf("no room there, no trust here: %v", got)
		}
		ok(s.SetLimits(ctx, one, fleet.Limits{Games: []steam.AppID{steam.Rust}}))
		if got := chosen(steam.CS2, 1, 1); got != two {
			t.Errorf("not its game: %v", got)
		}
		if got := chosen(steam.Rust, 1, 1); got != one {
			t.Errorf("its game: %v", got)
		}
		ok(s.SetLimits(ctx, one, fleet.Limits{}))
		n, err := s.Stop(ctx, time.Now())
		if _, none := s.ChooseReceiver(ctx, steam.Rust, 1, 1); err != nil || n != 2 || !errors.Is(none, fault.Maintenance) {
			t.Errorf("stopped %d, %v; chosen: %v", n, err, none)
		}
		ok(s.Add(ctx, newBot(3), noon))
		if b, err := s.Bot(ctx, steam.FromAccount(3)); err != nil || !b.Stopped || !b.Quarantined || b.Enabled {
			t.Errorf("a bot added meanwhile: %+v, %v", b, err)
		}
		ok(s.Enable(ctx, two, false, time.Now()))
		if n, err := s.Start(ctx, time.Now()); err != nil || n != 2 || chosen(steam.Rust, 1, 1) != one {
			t.Errorf("started %d, %v", n, err)
		}
		if b, err := s.Bot(ctx, two); err != nil || b.Enabled || b.Quarantined {
			t.Errorf("a drained one was started: %+v, %v", b, err)
		}
	})
}
