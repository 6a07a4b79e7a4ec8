package fleet_test

import (
	"errors"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/seal"
	"github.com/skinrail/skinrail/internal/steam"
)

func TestEachReasonIsOneSentenceAndSaysWhatToDo(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := fleet.New(d, seal.New([32]byte{9}))
		b := newBot(1)
		if err := s.Add(t.Context(), b, noon); err != nil {
			t.Fatal(err)
		}
		for want, state := range map[string]fleet.State{
			"session expired":                                       {Health: fleet.NoSession},
			"needs acknowledgement":                                 {Health: fleet.NeedsAck},
			"trade cooldown until 2026-01-08T12:00:00Z":             {Health: fleet.Cooldown, Until: noon.AddDate(0, 0, 7)},
			"inventory full (app 730: 1000 items)":                  {Health: fleet.Full, Note: "(app 730: 1000 items)"},
			"rate limited by Steam until " + "2026-01-01T12:00:10Z": {Health: fleet.Limited, Until: noon.Add(10 * time.Second)},
			"clock off by 5m0s":                                     {Health: fleet.ClockOff, Note: "by 5m0s"},
			"cannot log in":                                         {Health: fleet.NoLogin, Note: "credentials refused"},
		} {
			if err := s.ReportState(t.Context(), b.ID, state, noon); err != nil {
				t.Fatal(err)
			}
			got, err := s.Bot(t.Context(), b.ID)
			if err != nil || got.Reason() != want || got.Advice() == "" || !got.Until.Equal(state.Until) {
				t.Errorf("%q, do %q, until %v, %v; want %q", got.Reason(), got.Advice(), got.Until, err, want)
			}
		}
	})
}

func TestFullBotGivesAndTakesOtherGames(t *testing.T) {
	t.Parallel()
	for h, works := range map[fleet.Health]bool{fleet.Ready: true, fleet.Full: true, fleet.Cooldown: false, fleet.Limited: false,
		fleet.ClockOff: false, fleet.NoSession: false, fleet.NeedsAck: false, fleet.Starting: false} {
		if h.Works() != works {
			t.Errorf("%s: works %t", h, !works)
		}
	}
}

func TestQuarantineDrainAndEnable(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := fleet.New(d, seal.New([32]byte{9}))
		b := newBot(1)
		if err := errors.Join(s.Add(t.Context(), b, noon), s.Report(t.Context(), b.ID, fleet.Ready, "", noon)); err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct {
			do                   func() error
			enabled, quarantined bool
		}{
			{func() error { return s.Quarantine(t.Context(), b.ID, time.Now()) }, false, true},
			{func() error { return s.Enable(t.Context(), b.ID, false, time.Now()) }, false, false},
			{func() error { return s.Quarantine(t.Context(), b.ID, time.Now()) }, false, true},
			{func() error { return s.Enable(t.Context(), b.ID, true, time.Now()) }, true, false},
		} {
			version := s.Version()
			if err := step.do(); err != nil {
				t.Fatal(err)
			}
			got, err := s.Bot(t.Context(), b.ID)
			if err != nil || got.Enabled != step.enabled || got.Quarantined != step.quarantined || s.Version() == version {
				t.Errorf("enabled %t, quarantined %t, %v", got.Enabled, got.Quarantined, err)
			}
			if _, err := s.ChooseReceiver(t.Context(), steam.CS2, 1, 0); (err == nil) != step.enabled {
				t.Errorf("enabled %t, chosen: %v", step.enabled, err)
			}
		}
		if err := s.Quarantine(t.Context(), steam.FromAccount(9), time.Now()); !errors.Is(err, fault.NotFound) {
			t.Errorf("unknown bot: %v", err)
		}
	})
}

func TestNewSecretsReplaceOldOnesAndEndTheSession(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := fleet.New(d, seal.New([32]byte{9}))
		b := newBot(1)
		if err := errors.Join(s.Add(t.Context(), b, noon), s.KeepSession(t.Context(), b.ID, []byte("refresh token"))); err != nil {
			t.Fatal(err)
		}
		if err := s.Replace(t.Context(), b.ID, "another", b.Credentials); !errors.Is(err, fault.NotFound) {
			t.Errorf("secrets of another account: %v", err)
		}
		b.Credentials.Password = "new words"
		if err := s.Replace(t.Context(), b.ID, b.AccountName, b.Credentials); err != nil {
			t.Fatal(err)
		}
		if c, session, err := s.Secrets(t.Context(), b.ID); err != nil || c.Password.Reveal() != "new words" || len(session) != 0 {
			t.Errorf("session of %d bytes, %v", len(session), err)
		}
	})
}
