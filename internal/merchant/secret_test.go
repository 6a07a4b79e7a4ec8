package merchant_test

import (
	"bytes"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/seal"
)

func TestRotationKeepsBothSecretsUntilItEnds(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := merchant.New(d, box)
		_, k := add(t, s, full(1))
		r, err := s.Rotate(t.Context(), 1, merchant.Client, noon) // in the same microsecond
		if err != nil {
			t.Fatal(err)
		}
		if r.ClientOld != k.Client || r.Client == k.Client || r.Client == "" || r.Webhook != k.Webhook || r.WebhookOld != "" {
			t.Error("a rotation moved the wrong secrets")
		}
		if !r.ClientOldAt.Equal(k.ClientAt) || !r.ClientAt.After(k.ClientAt) {
			t.Errorf("made at %v and %v, before at %v", r.ClientOldAt, r.ClientAt, k.ClientAt)
		}
		if legacy, at := r.Legacy(); legacy != k.Client || !at.Equal(k.ClientAt) {
			t.Error("legacy signatures do not keep the old secret")
		}
		if _, err := s.Rotate(t.Context(), 1, merchant.Client, noon); !errors.Is(err, fault.WrongState) {
			t.Errorf("rotated inside a rotation: %v", err)
		}
		if err := s.Retire(t.Context(), 1, merchant.Client); err != nil {
			t.Fatal(err)
		}
		for _, from := range []*merchant.Service{s, merchant.New(d, box)} {
			end, err := from.Secrets(t.Context(), 1)
			if err != nil || end.Client != r.Client || end.ClientOld != "" {
				t.Error("a rotation did not end", err)
			}
			if legacy, at := end.Legacy(); legacy != r.Client || !at.Equal(r.ClientAt) {
				t.Error("legacy signatures do not use the new secret")
			}
		}
		if err := s.Retire(t.Context(), 1, merchant.Client); err != nil {
			t.Errorf("ended twice: %v", err)
		}
	})
}

// A process may know a rotation that has ended, and begun anew, since: a merchant
// who uses the secret of then has not shown that he has the next.
func TestUseOfASecretDoesNotCountForTheNext(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := merchant.New(d, box)
		add(t, s, full(1))
		rotate := func() merchant.Secrets {
			t.Helper()
			k, err := s.Rotate(t.Context(), 1, merchant.Client, noon)
			if err != nil {
				t.Fatal(err)
			}
			return k
		}
		first := rotate()
		if err := s.Retire(t.Context(), 1, merchant.Client); err != nil {
			t.Fatal(err)
		}
		second := rotate()
		for _, use := range []struct {
			made time.Time
			used bool
		}{{first.ClientAt, false}, {second.ClientAt, true}} {
			if err := s.Used(t.Context(), 1, use.made, noon); err != nil {
				t.Fatal(err)
			}
			if k, err := s.Secrets(t.Context(), 1); err != nil || k.ClientUsed != use.used {
				t.Errorf("used %v, want %v, %v", k.ClientUsed, use.used, err)
			}
		}
	})
}

func TestBothPurposesRotateAlone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := merchant.New(d, box)
		_, k := add(t, s, full(1))
		if _, err := s.Rotate(t.Context(), 1, merchant.Client, noon.Add(2*time.Hour)); err != nil {
			t.Fatal(err)
		}
		begun := noon.Add(time.Hour)
		r, err := s.Rotate(t.Context(), 1, merchant.Webhook, begun)
		if err != nil || r.WebhookOld != k.Webhook || r.ClientOld != k.Client {
			t.Error("the webhook secret did not rotate", err)
		}
		if all, err := s.Rotations(t.Context()); err != nil || len(all) != 2 || all[0] != (merchant.Rotation{Project: 1, Purpose: merchant.Webhook, Since: begun}) {
			t.Errorf("under way: %v, %v", all, err)
		}
		if err := s.Retire(t.Context(), 1, merchant.Client); err != nil {
			t.Fatal(err)
		}
		if r, err = s.Secrets(t.Context(), 1); err != nil || r.WebhookOld != k.Webhook || r.ClientOld != "" {
			t.Error("ending one rotation ended another", err)
		}
		if all, err := s.Rotations(t.Context()); err != nil || len(all) != 1 || all[0].Purpose != merchant.Webhook {
			t.Errorf("still under way: %v, %v", all, err)
		}
	})
}

func TestOneOfManyRotationsWins(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := merchant.New(d, box)
		_, k := add(t, s, full(1))
		errs := make(chan error, 8)
		for range cap(errs) {
			go func() { _, err := s.Rotate(t.Context(), 1, merchant.Client, noon); errs <- err }()
		}
		won := 0
		for range cap(errs) {
			switch err := <-errs; {
			case err == nil:
				won++
			case !errors.Is(err, fault.WrongState):
				t.Error(err)
			}
		}
		r, err := s.Secrets(t.Context(), 1)
		if won != 1 || err != nil || r.ClientOld != k.Client {
			t.Errorf("%d rotated, %v", won, err)
		}
	})
}

func TestSecretsAreSealedAndBoundToTheirRow(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := merchant.New(d, box)
		add(t, s, full(1))
		rows, err := d.Read().QueryContext(t.Context(), "select sealed from project_secret")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var sealed []byte
			if err := rows.Scan(&sealed); err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(sealed, []byte("example")) {
				t.Error("a secret is readable in its row")
			}
		}
		if _, err := merchant.New(d, seal.New([32]byte{9})).Secrets(t.Context(), 1); !errors.Is(err, seal.ErrKey) {
			t.Errorf("opened with another key: %v", err)
		}
		move := func(tx *db.Tx) error {
			_, err := tx.ExecContext(t.Context(), `update project_secret set sealed =
				(select o.sealed from project_secret o where o.purpose = 'webhook') where purpose = 'client'`)
			return err
		}
		if err := d.Write(t.Context(), move); err != nil {
			t.Fatal(err)
		}
		if _, err := merchant.New(d, box).Secrets(t.Context(), 1); !errors.Is(err, seal.ErrBroken) {
			t.Errorf("a secret opened in another row: %v", err)
		}
	})
}

// Another process is another Service on the same database.
func TestChangesOfAnotherProcessAreSeenWithinASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := dbtest.SQLite(t)
		mine, theirs := merchant.New(d, box), merchant.New(d, box)
		p, k := add(t, theirs, full(1))
		read := func() (string, bool, bool) {
			got, err1 := mine.Project(t.Context(), 1)
			secrets, err2 := mine.Secrets(t.Context(), 1)
			if err := errors.Join(err1, err2); err != nil {
				t.Fatal(err)
			}
			return got.Name, secrets == k, mine.Maintenance(t.Context())
		}
		if name, same, off := read(); name != p.Name || !same || off {
			t.Fatal("not read as it was added")
		}
		p.Name = "Renamed"
		_, err := theirs.Rotate(t.Context(), 1, merchant.Client, noon)
		if err := errors.Join(err, theirs.Update(t.Context(), p), theirs.SetMaintenance(t.Context(), true, time.Now())); err != nil {
			t.Fatal(err)
		}
		if !theirs.Maintenance(t.Context()) {
			t.Error("maintenance is not seen by who switched it on")
		}
		time.Sleep(time.Second)
		if name, same, off := read(); name != "Renamed" || same || !off {
			t.Errorf("after a second: name %q, old secrets %v, maintenance %v", name, same, off)
		}
		if err := theirs.SetMaintenance(t.Context(), false, time.Now()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if mine.Maintenance(t.Context()) {
			t.Error("maintenance never ends")
		}
	})
}

func TestMaintenanceKeepsItsLastStateWithoutADatabase(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := dbtest.SQLite(t)
		s := merchant.New(d, box)
		if err := s.SetMaintenance(t.Context(), true, time.Now()); err != nil || !s.Maintenance(t.Context()) {
			t.Fatal("not switched on", err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		if !s.Maintenance(t.Context()) {
			t.Error("forgotten")
		}
	})
}
