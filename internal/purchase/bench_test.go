package purchase_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/purchase"
)

// BenchmarkBuy is durable purchases on SQLite, each with its answer kept: by one
// buyer, who has a commit for each, and by many who share commits, of one
// project and of many. What sharing brings is the ratio.
func BenchmarkBuy(b *testing.B) {
	for _, c := range []struct {
		name             string
		buyers, projects int
	}{{"one_commit_each", 1, 1}, {"one_project", buyers, 1}, {"spread", buyers, spread}} {
		b.Run(c.name, func(b *testing.B) { newShops(b, newWorld(b, dbtest.SQLite(b)), c.projects).run(b, c.buyers) })
	}
}

// BenchmarkBuyPostgres is the same on PostgreSQL, beside the TPC-B-like run of
// pgbench against the same server.
func BenchmarkBuyPostgres(b *testing.B) {
	server, program := os.Getenv(dbtest.Variable), os.Getenv("SKINRAIL_PGBENCH")
	if server == "" {
		return // as where PostgreSQL is not installed
	}
	if program != "" {
		b.Run("pgbench_16", func(b *testing.B) {
			d, _ := dbtest.Postgres(b)
			pgbench(b, d, program, server)
		})
	}
	for _, c := range []struct {
		name     string
		projects int
	}{{"one_project", 1}, {"spread", spread}} {
		b.Run(c.name, func(b *testing.B) {
			d, _ := dbtest.Postgres(b)
			newShops(b, newWorld(b, d), c.projects).run(b, buyers)
		})
	}
}

const (
	buyers = 256 // who call at the same time
	spread = 16  // projects
)

// shops are projects with money, and one bot with a stock for all.
type shops struct {
	*world
	projects []merchant.Project
	began    time.Time
	stocked  int
}

func newShops(b *testing.B, w *world, projects int) *shops {
	b.Helper()
	s := &shops{world: w, projects: make([]merchant.Project, projects), began: time.Now()}
	for i := range s.projects {
		p := merchant.Project{ID: int64(10_000 + i), Name: "Example", Active: true, Market: true}
		p, _, err := s.merchants.Add(b.Context(), merchant.NewProject{Project: p}, noon)
		s.ok(err)
		s.pay(p.ID, money.Max/money.Amount(projects))
		s.projects[i] = p
	}
	return s
}

// supply gives the bot that many items more.
func (s *shops) supply(n int) {
	s.t.Helper()
	numbers := fmt.Sprintf("with recursive n(i) as (select %d union all select i + 1 from n where i < %d) ", s.stocked+1, s.stocked+n)
	s.stocked += n
	s.ok(s.db.Write(s.t.Context(), func(tx *db.Tx) error {
		_, err := tx.ExecContext(s.t.Context(), numbers+`insert into bot_item (bot, app, context, asset, class_id, instance_id, name, phase, icon, kind, color,
			tradable, present, seen_at) select '`+bot.String()+`', 730, '2', cast(1000 + i as text), '5100000001', '188530139', '`+sand+`', '', '', '', '', true, true, 1 from n`)
		return err
	}))
}

// warm makes some purchases and has PostgreSQL look at the tables, as it does by
// itself now and then: plans that were made for empty tables read them whole.
func (s *shops) warm() {
	s.t.Helper()
	if s.db.Engine() == db.Postgres {
		s.supply(warmth)
		s.buyAll(warmth, buyers)
		s.ok(s.db.Write(s.t.Context(), func(tx *db.Tx) error {
			_, err := tx.ExecContext(s.t.Context(), "analyze")
			return err
		}))
	}
}

const warmth = 5000

var keepSQL = db.NewList("insert into idempotency (project_id, key, method, digest, answer, at) values ", "($1, $2, 'market_buy', $3, $4, 1)", "")

// buyOne is a purchase that keeps an answer of the usual length.
func (s *shops) buyOne(ctx context.Context, n int64) error {
	order := s.order(sand, "")
	order.Project = s.projects[int(n)%len(s.projects)]
	_, err := s.purchases.Buy(ctx, order, noon.Add(time.Since(s.began)), func(tx *db.Tx, p purchase.Purchase) error {
		tx.Collect(keepSQL, nil, p.Project, "key-"+strconv.FormatInt(p.ID, 10), digest, answer)
		return nil
	})
	return err
}

var digest, answer = make([]byte, 32), make([]byte, 256)

// run makes b.N purchases.
func (s *shops) run(b *testing.B, buyers int) {
	b.StopTimer()
	s.warm()
	s.supply(b.N)
	b.StartTimer()
	b.ResetTimer()
	used := measure(b, s.db)
	s.buyAll(b.N, buyers)
	used.report(b, b.N)
}

func (s *shops) buyAll(n, buyers int) {
	var left atomic.Int64
	left.Store(int64(n))
	var wg sync.WaitGroup
	for range buyers {
		wg.Go(func() {
			for n := left.Add(-1); n >= 0; n = left.Add(-1) {
				if err := s.buyOne(s.t.Context(), n); err != nil {
					s.t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// pgbench is PostgreSQL's own benchmark with 16 clients and its own settings,
// on tables of its own with a branch for each client.
func pgbench(b *testing.B, d *db.DB, program, server string) {
	bench := func(args ...string) string {
		out, err := exec.CommandContext(b.Context(), program, append(args, server)...).CombinedOutput()
		if err != nil {
			b.Fatalf("%v: %s", err, out)
		}
		return string(out)
	}
	number := func(out, form string) float64 {
		said := regexp.MustCompile(form).FindStringSubmatch(out)
		if said == nil {
			b.Fatalf("pgbench says no %s", form)
		}
		n, err := strconv.ParseFloat(said[1], 64)
		if err != nil {
			b.Fatal(err)
		}
		return n
	}
	bench("-i", "-q", "-s", "16")
	defer bench("-i", "-I", "d")
	used := measure(b, d)
	out := bench("-n", "-c", "16", "-j", "2", "-T", "5")
	used.report(b, int(number(out, `processed: ([0-9]+)`)))
	b.ReportMetric(1e9/number(out, `tps = ([0-9.]+)`), "ns/op")
}
