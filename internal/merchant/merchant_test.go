package merchant_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/seal"
)

var (
	noon = time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)
	box  = seal.New([32]byte{1, 2, 3})
)

func full(id int64) merchant.NewProject {
	return merchant.NewProject{ClientSecret: "example-Secret-1", WebhookSecret: "example-Secret-2", Project: merchant.Project{
		ID: id, Name: "Example shop ★", Active: true, Market: true, NoWait: true, LegacyStatuses: true,
		Multiplier: money.MustRate("1.1"), Commission: money.MustRate("0.05"),
		ResultURL: "https://shop.example/result?a=1", EventsURL: "https://shop.example/events",
		SuccessURL: "https://shop.example/ok", FailURL: "https://shop.example/sorry", WebhookEncoding: "form",
		RateLimit: 77, AllowedIPs: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::1/128")},
		Origins: []string{"https://shop.example", "https://www.shop.example"}}}
}

func add(t *testing.T, s *merchant.Service, n merchant.NewProject) (merchant.Project, merchant.Secrets) {
	t.Helper()
	p, k, err := s.Add(t.Context(), n, noon)
	if err != nil {
		t.Fatal(err)
	}
	return p, k
}

func TestProjectIsReadAsItWasAdded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := merchant.New(d, box)
		n := full(770001)
		p, k := add(t, s, n)
		n.CreatedAt = noon
		if !reflect.DeepEqual(p, n.Project) {
			t.Errorf("added %+v, want %+v", p, n.Project)
		}
		for _, from := range []*merchant.Service{s, merchant.New(d, box)} {
			if got, err := from.Project(t.Context(), p.ID); err != nil || !reflect.DeepEqual(got, p) {
				t.Errorf("read %+v, %v", got, err)
			}
			if got, err := from.Secrets(t.Context(), p.ID); err != nil || got != k {
				t.Error("other secrets were read", err)
			}
		}
		if k.Client.Reveal() != "example-Secret-1" || k.Webhook.Reveal() != "example-Secret-2" || k.ClientOld != "" {
			t.Error("the given secrets were not taken")
		}
		all, err := s.List(t.Context())
		if err != nil || !reflect.DeepEqual(all, []merchant.Project{p}) {
			t.Errorf("list: %+v, %v", all, err)
		}
	})
}

func TestWhatIsLeftOutIsChosen(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := merchant.New(d, box)
		secrets, ids := map[string]bool{}, map[int64]bool{}
		for range 20 {
			p, k := add(t, s, merchant.NewProject{Project: merchant.Project{Name: "small"}})
			if p.ID < 100_000 || p.ID > 999_999 || p.Multiplier != money.One || p.WebhookEncoding != "json" || p.RateLimit != 500 {
				t.Errorf("chosen: %+v", p)
			}
			ids[p.ID] = true
			key, marked := strings.CutPrefix(k.Webhook.Reveal(), "whsec_")
			if raw, err := base64.StdEncoding.DecodeString(key); !marked || err != nil || len(raw) != 24 {
				t.Error("the webhook secret is not in the form of Standard Webhooks")
			}
			secrets[key] = true
			text := k.Client.Reveal()
			if raw, err := base64.RawURLEncoding.DecodeString(text); err != nil || len(raw) != 24 {
				t.Error("the client secret is not 24 bytes in base64")
			}
			secrets[text] = true
		}
		if len(secrets) != 40 || len(ids) != 20 {
			t.Errorf("%d secrets and %d ids of 20 projects", len(secrets), len(ids))
		}
	})
}

func TestTakenIDIsRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := merchant.New(d, box)
		_, first := add(t, s, full(5))
		again := full(5)
		again.ClientSecret = "other"
		if _, _, err := s.Add(t.Context(), again, noon); !errors.Is(err, fault.Duplicate) {
			t.Errorf("added twice: %v", err)
		}
		if k, err := s.Secrets(t.Context(), 5); err != nil || k != first {
			t.Error("the first project's secrets changed", err)
		}
	})
}

func TestImpossibleSettingsAreRefused(t *testing.T) {
	t.Parallel()
	s := merchant.New(dbtest.SQLite(t), box)
	add(t, s, full(1))
	for name, spoil := range map[string]func(*merchant.NewProject){
		"name":                func(n *merchant.NewProject) { n.Name = "" },
		"name with a newline": func(n *merchant.NewProject) { n.Name = "a\nb" },
		"long name":           func(n *merchant.NewProject) { n.Name = strings.Repeat("a", 201) },
		"invalid UTF-8":       func(n *merchant.NewProject) { n.Name = "\xff" },
		"id":                  func(n *merchant.NewProject) { n.ID = -1 },
		"big id":              func(n *merchant.NewProject) { n.ID = 1 << 53 },
		"encoding":            func(n *merchant.NewProject) { n.WebhookEncoding = "xml" },
		"rate limit":          func(n *merchant.NewProject) { n.RateLimit = -1 },
		"commission":          func(n *merchant.NewProject) { n.Commission = money.MustRate("1.01") },
		"url":                 func(n *merchant.NewProject) { n.ResultURL = "https://a.example/\r\n" },
		"long url":            func(n *merchant.NewProject) { n.EventsURL = "https://a.example/" + strings.Repeat("a", 2048) },
		"origin":              func(n *merchant.NewProject) { n.Origins = []string{"https://a.example https://b.example"} },
		"network":             func(n *merchant.NewProject) { n.AllowedIPs = make([]netip.Prefix, 1) },
		"secret":              func(n *merchant.NewProject) { n.ClientSecret = "a\x00b" },
	} {
		n := full(2)
		spoil(&n)
		if _, _, err := s.Add(t.Context(), n, noon); !errors.Is(err, fault.InvalidRequest) {
			t.Errorf("%s: %v", name, err)
		}
		if n.ID == 2 && name != "secret" {
			n.ID = 1
			if err := s.Update(t.Context(), n.Project); !errors.Is(err, fault.InvalidRequest) {
				t.Errorf("update, %s: %v", name, err)
			}
		}
	}
	if all, err := s.List(t.Context()); len(all) != 1 || err != nil {
		t.Errorf("%d projects, %v", len(all), err)
	}
}

func TestUpdateIsSeenAtOnceByWhoMadeIt(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := merchant.New(d, box)
		p, _ := add(t, s, full(1))
		other, _ := add(t, s, full(2))
		p.Name, p.Active, p.Market, p.NoWait, p.LegacyStatuses = "New", false, false, false, false
		p.Multiplier, p.Commission, p.RateLimit = money.MustRate("2"), money.Rate{}, 1
		p.ResultURL, p.EventsURL, p.SuccessURL, p.FailURL, p.WebhookEncoding = "", "", "", "", "json"
		p.AllowedIPs, p.Origins = nil, []string{}
		if err := s.Update(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Project(t.Context(), 1); err != nil || !reflect.DeepEqual(got, p) {
			t.Errorf("read %+v, %v; want %+v", got, err, p)
		}
		if got, err := s.Project(t.Context(), 2); err != nil || !reflect.DeepEqual(got, other) {
			t.Errorf("the other became %+v, %v", got, err)
		}
		p.ID = 3
		if err := s.Update(t.Context(), p); !errors.Is(err, fault.NotFound) {
			t.Errorf("update of nobody: %v", err)
		}
	})
}

func TestUnknownProjectIsNotFound(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := merchant.New(d, box)
		_, err1 := s.Project(t.Context(), 9)
		_, err2 := s.Secrets(t.Context(), 9)
		_, err3 := s.Totals(t.Context(), 9)
		_, err4 := s.Rotate(t.Context(), 9, merchant.Client, noon)
		err5 := d.Write(t.Context(), func(tx *db.Tx) error { return s.AddTotalsTx(t.Context(), tx, 9, 1, 1) })
		for i, err := range []error{err1, err2, err3, err4, err5} {
			if !errors.Is(err, fault.NotFound) {
				t.Errorf("call %d: %v", i+1, err)
			}
		}
		add(t, s, full(9))
		if _, err := s.Project(t.Context(), 9); err != nil {
			t.Errorf("not found is remembered: %v", err)
		}
	})
}

func TestTotalsAddUp(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := merchant.New(d, box)
		add(t, s, full(1))
		errs := make(chan error, 30)
		for range cap(errs) {
			go func() {
				errs <- d.Write(t.Context(), func(tx *db.Tx) error { return s.AddTotalsTx(t.Context(), tx, 1, 1005, -2) })
			}()
		}
		for range cap(errs) {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		got, err := s.Totals(t.Context(), 1)
		if want := (merchant.Totals{Deals: 30150, Withdrawn: -60}); got != want || err != nil {
			t.Errorf("totals %+v, %v", got, err)
		}
	})
}

func TestReadingAProjectAllocatesNothing(t *testing.T) {
	s := merchant.New(dbtest.SQLite(t), box)
	add(t, s, full(1))
	ctx := t.Context()
	n := testing.AllocsPerRun(200, func() {
		_, err1 := s.Project(ctx, 1)
		_, err2 := s.Secrets(ctx, 1)
		if err := errors.Join(err1, err2); err != nil || s.Maintenance(ctx) {
			t.Fatal(err)
		}
	})
	if n > 1 { // the id as a key
		t.Errorf("%v allocations", n)
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	t.Parallel()
	_, k := add(t, merchant.New(dbtest.SQLite(t), box), full(1))
	for _, text := range []string{fmt.Sprintf("%v %+v %#v", k, k, k)} {
		if strings.Contains(text, "example-Secret") {
			t.Error("a secret was printed")
		}
	}
}
