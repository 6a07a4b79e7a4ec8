package merchant_test

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/merchant"
)

func TestChangesAtOnceDoNotUndoEachOther(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := merchant.New(d, box)
		p, _ := add(t, s, full(1))
		const rounds = 12
		var wg sync.WaitGroup
		for i := range rounds {
			wg.Go(func() {
				operator := merchant.New(d, nil) // needs no key
				_, err := operator.Change(t.Context(), 1, func(p *merchant.Project) error {
					p.RateLimit++
					p.Origins = append(p.Origins, fmt.Sprintf("https://%d.example", i))
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		got, err := merchant.New(d, box).Project(t.Context(), 1)
		if err != nil || got.RateLimit != p.RateLimit+rounds || len(got.Origins) != len(p.Origins)+rounds || got.Name != p.Name {
			t.Errorf("%+v %v", got, err)
		}
	})
}

func TestRefusedChangeHasNoEffect(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := merchant.New(d, box)
		p, _ := add(t, s, full(1))
		add(t, s, full(2))
		stop := errors.New("stop")
		for name, c := range map[string]struct {
			id   int64
			f    func(*merchant.Project) error
			want error
		}{
			"own error":     {1, func(p *merchant.Project) error { p.Name = "other"; return stop }, stop},
			"bad setting":   {1, func(p *merchant.Project) error { p.RateLimit = 0; return nil }, fault.InvalidRequest},
			"nobody":        {9, func(*merchant.Project) error { return nil }, fault.NotFound},
			"another's row": {1, func(p *merchant.Project) error { p.ID = 2; p.WebhookEncoding = "xml"; return nil }, fault.InvalidRequest},
		} {
			if _, err := s.Change(t.Context(), c.id, c.f); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := s.Change(t.Context(), 1, func(p *merchant.Project) error { p.ID = 2; return nil }); err != nil {
			t.Error(err)
		}
		if got, err := s.Project(t.Context(), 1); err != nil || !reflect.DeepEqual(got, p) {
			t.Errorf("%+v %v", got, err)
		}
	})
}

func TestLiveSecretsAreToldWithoutAKey(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, blind := merchant.New(d, box), merchant.New(d, nil)
		add(t, s, full(1))
		later := noon.Add(time.Hour)
		if _, err := s.Rotate(t.Context(), 1, merchant.Client, later); err != nil {
			t.Fatal(err)
		}
		got, err := blind.LiveSecrets(t.Context(), 1)
		want := []merchant.LiveSecret{{merchant.Client, false, later}, {merchant.Client, true, noon}, {merchant.Webhook, false, noon}}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v %v", got, err)
		}
		if _, err := blind.LiveSecrets(t.Context(), 9); !errors.Is(err, fault.NotFound) {
			t.Error(err)
		}
	})
}
