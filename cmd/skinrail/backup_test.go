package main_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/jackc/pgx/v5"
)

// backup takes a backup: of a folder while the gateway serves, of PostgreSQL
// with the gateway stopped for a moment, by the server's own means.
func (s *sandbox) backup(t *testing.T) (restore func()) {
	t.Helper()
	if len(databaseArgs(s.args)) == 0 {
		file := filepath.Join(t.TempDir(), "backup.db")
		out, errors, code := command(t, "", "backup", file, "--data", s.data)
		if code != 0 || !strings.Contains(out, "the books are right") || !strings.Contains(out, "not in it: the key") {
			t.Fatalf("backup: exit %d\n%s%s", code, out, errors)
		}
		return func() {
			old, _ := filepath.Glob(filepath.Join(s.data, "skinrail.db*"))
			for _, f := range old {
				if err := os.Remove(f); err != nil {
					t.Fatal(err)
				}
			}
			if out, errors, code := command(t, "", "restore", file, "--data", s.data); code != 0 || !strings.Contains(out, "closed") {
				t.Fatalf("restore: exit %d\n%s%s", code, out, errors)
			}
		}
	}
	s.end(syscall.SIGTERM)
	main := databaseArgs(s.args)[1]
	copied := newDatabase(t, os.Getenv("SKINRAIL_TEST_POSTGRES"))
	name := func(url string) string {
		url, _, _ = strings.Cut(url, "?")
		return url[strings.LastIndex(url, "/")+1:]
	}
	conn, err := pgx.Connect(t.Context(), os.Getenv("SKINRAIL_TEST_POSTGRES"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	for _, q := range []string{"drop database " + name(copied), "create database " + name(copied) + " template " + name(main)} {
		if _, err := conn.Exec(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	s.start()
	return func() {
		s.args = append([]string{"--database", copied}, s.args[:len(s.args)-2]...)
		if out, errors, code := command(t, "", "restore", "--mark", "--database", copied, "--data", s.data); code != 0 || !strings.Contains(out, "closed") {
			t.Fatalf("restore --mark: exit %d\n%s%s", code, out, errors)
		}
	}
}

// requests counts what was asked of the simulated Steam.
func (s *sandbox) requests(endpoints ...string) (n int) {
	s.t.Helper()
	r, _ := http.NewRequest(http.MethodGet, s.ready.SteamURL+"/sim/journal", nil)
	_, all, err := do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	list, _ := all["requests"].([]any)
	for _, it := range list {
		for _, e := range endpoints {
			if it.(map[string]any)["endpoint"] == e {
				n++
			}
		}
	}
	return n
}

// epoch logs in to the websocket after a number; with the epoch of before it
// returns the frame after the greeting too.
func (s *sandbox) epoch(t *testing.T, query string) (greeting, next socketFrame) {
	t.Helper()
	url, _ := s.socketURLs()
	conn, _, err := websocket.Dial(t.Context(), url+s.socketLogin(0)+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.CloseNow() }()
	if greeting, _, err = readFrame(conn); err == nil && strings.Contains(query, "epoch") {
		next, _, err = readFrame(conn)
	}
	if err != nil {
		t.Fatal(err)
	}
	return greeting, next
}

// heard counts the notifications of a shop.
func (s *shop) heard() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.received)
}

// worked is what stands when a backup is taken, and what comes after it.
func (s *sandbox) beforeBackup(t *testing.T) {
	t.Helper()
	d := s.ok(answer{"method": "create", "order_id": "held", "steam_id": "76561198000000201"})
	s.control(http.StatusOK, http.MethodPost, fmt.Sprintf("/deposits/%v/in_hold", d["transaction_id"]), nil)
	s.ok(answer{"method": "market_buy", "partner": "39734473", "token": "Eus3r-tk", "custom_id": "offered", "name": "P250 | Sand Dune (Field-Tested)"})
	s.waitPurchase("offered", "waiting_accept")
	s.control(http.StatusOK, http.MethodPost, "/faults", answer{"endpoint": "send", "when": "before", "kind": "status", "value": 429, "count": -1})
	s.ok(answer{"method": "market_buy", "partner": "39734474", "token": "Aut0-acc", "custom_id": "unsent", "name": "P250 | Sand Dune (Field-Tested)"})
}

// afterBackup ends both purchases on Steam.
func (s *sandbox) afterBackup(t *testing.T) {
	t.Helper()
	s.control(http.StatusOK, http.MethodDelete, "/faults", nil)
	s.control(http.StatusOK, http.MethodPost, "/offers/"+s.activeOffer(t, waitingPayer)+"/accept", nil)
	s.waitPurchase("offered", "accepted")
	s.untilAfter(t, "the unsent purchase is accepted", func() bool {
		return s.purchases([]string{"unsent"})["unsent"]["offer_status"] == "accepted"
	})
}

// activeOffer is the one offer that waits for somebody.
func (s *sandbox) activeOffer(t *testing.T, partner string) string {
	t.Helper()
	r, _ := http.NewRequest(http.MethodGet, s.ready.SteamURL+"/sim/offers?partner="+partner, nil)
	_, all, err := do(r)
	list, _ := all["offers"].([]any)
	for _, o := range list {
		if m := o.(map[string]any); m["state_name"] == "Active" {
			return fmt.Sprint(m["tradeofferid"])
		}
	}
	t.Fatalf("no offer waits for %s: %v %v", partner, all, err)
	return ""
}

func (s *sandbox) checkAdopted(t *testing.T) {
	t.Helper()
	for _, name := range []string{"offered", "unsent"} {
		if p := s.purchases([]string{name})[name]; p["offer_status"] != "accepted" {
			t.Errorf("%s was accepted after the backup, and now is %v", name, p)
		}
	}
	for _, partner := range []string{waitingPayer, acceptingPayer} {
		for reference, n := range s.offers(partner) {
			if n != 1 {
				t.Errorf("%d offers of %s", n, reference)
			}
		}
	}
	if got := s.ok(answer{"method": "orderstatus", "order_id": "held"}); got.text("status") != "in_hold" {
		t.Errorf("deposit %v", got)
	}
	s.audit()
}

// What was offered or meant to be sent when the backup was taken, and ended on
// Steam after it, is taken over; then the gateway opens by itself.
func TestRestoredGatewayTakesOverWhatHappenedAfterTheBackup(t *testing.T) {
	t.Parallel()
	for name, args := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop := openShop(t, exampleID, exampleSecret)
			s := start(t, append([]string{"--world", world(t, shop.URL)}, args...)...)
			s.beforeBackup(t)
			restore := s.backup(t)
			s.afterBackup(t)
			before, _ := s.epoch(t, "&since=")
			s.kill()
			restore()
			s.start()
			sends := s.requests("send", "confirm", "cancel", "acknowledge")
			// The world's clock is where the backup was taken, Steam's records are later.
			opened := func() bool { return s.api(answer{"method": "balance"})["error_code"] != -9.0 }
			for i := 0; i < 40 && !opened(); i++ {
				s.control(http.StatusOK, http.MethodPost, "/clock", answer{"advance": "8s"})
			}
			if !opened() {
				d, _ := s.diagnosis()
				t.Fatalf("the gateway does not open by itself: %v", d)
			}
			if n := s.requests("send", "confirm", "cancel", "acknowledge"); n != sends || sends != 0 {
				t.Errorf("%d effects on Steam while the gateway was closed", n)
			}
			s.checkAdopted(t)
			greeting, next := s.epoch(t, fmt.Sprintf("&since=%d&epoch=%s", before.Seq, before.Epoch))
			if before.Epoch == "" || greeting.Epoch == before.Epoch || next.Event != "gap" || next.Epoch != greeting.Epoch {
				t.Errorf("epochs %q and %q, then %q", before.Epoch, greeting.Epoch, next.Event)
			}
			if _, err := s.buy("later"); err != nil {
				t.Fatal(err)
			}
			s.waitPurchase("later", "accepted")
			if id := s.purchases([]string{"later"})["later"]["buy_id"]; fmt.Sprint(id) < "1000000" {
				t.Errorf("the purchase after the restore has the id %v", id)
			}
		})
	}
}

// An order that was made after the backup is lost here: the gateway names what
// Steam has of it, and stays closed until somebody opens it.
func TestRestoredGatewayStaysClosedWhileSomethingDiffers(t *testing.T) {
	t.Parallel()
	for name, args := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop := openShop(t, exampleID, exampleSecret)
			s := start(t, append([]string{"--world", world(t, shop.URL)}, args...)...)
			s.beforeBackup(t)
			restore := s.backup(t)
			s.afterBackup(t)
			lost := s.ok(answer{"method": "create", "order_id": "lost", "steam_id": "76561198000000201"})
			s.control(http.StatusOK, http.MethodPost, fmt.Sprintf("/deposits/%v/in_hold", lost["transaction_id"]), nil)
			eventually(t, "the shop hears of it", func() bool { return len(shop.statuses("lost")) == 2 })
			s.kill()
			heard := shop.heard()
			restore()
			s.start()
			for i := range 4 { // the looks of four minutes
				if got := s.api(answer{"method": "market_buy", "partner": "39734474", "token": "Aut0-acc", "custom_id": fmt.Sprint("no-", i),
					"name": "P250 | Sand Dune (Field-Tested)"}); got["error_code"] != -9.0 {
					t.Fatalf("a purchase while closed: %v", got)
				}
				s.control(http.StatusOK, http.MethodPost, "/clock", answer{"advance": "61s"})
			}
			d, code := s.diagnosis()
			counts, _ := d["counts"].(map[string]any)
			if code != 1 || d["restored"] == nil || counts["offer_unknown"] != 1.0 || counts["trade_unknown"] != 1.0 {
				t.Errorf("doctor: exit %d, %v", code, d)
			}
			if got := s.answers("/readyz"); got != http.StatusServiceUnavailable {
				t.Errorf("/readyz: %d", got)
			}
			url, _ := s.socketURLs()
			if _, res, err := websocket.Dial(t.Context(), url+s.socketLogin(0), nil); err == nil || res == nil || res.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("a socket while closed: %v %v", res, err)
			}
			if n := s.requests("send", "confirm", "cancel", "acknowledge"); n != 0 || shop.heard() != heard {
				t.Errorf("while closed %d effects on Steam, %d notifications", n, shop.heard()-heard)
			}
			args := append([]string{"doctor", "--release", "--data", s.data}, databaseArgs(s.args)...)
			if _, _, code := command(t, "", args...); code != 2 {
				t.Errorf("a release by nobody: exit %d", code)
			}
			if out, errors, code := command(t, "", append(args, "--by", "ann")...); code != 0 {
				t.Fatalf("release: exit %d %s%s", code, out, errors)
			}
			eventually(t, "the gateway is open", func() bool { return s.api(answer{"method": "balance"})["error_code"] != -9.0 })
			s.checkAdopted(t)
			again := s.ok(answer{"method": "create", "order_id": "again"})
			if again["transaction_id"].(float64) <= lost["transaction_id"].(float64)+1000 {
				t.Errorf("ids %v, then %v", lost["transaction_id"], again["transaction_id"])
			}
		})
	}
}

func TestBackupReplacesNothingAndKnowsItsOwn(t *testing.T) {
	t.Parallel()
	s := start(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "b.db")
	run := func(want int, args ...string) string {
		t.Helper()
		out, errors, code := command(t, "", args...)
		if code != want {
			t.Fatalf("%v: exit %d, want %d\n%s%s", args, code, want, out, errors)
		}
		return out + errors
	}
	run(0, "backup", file, "--data", s.data)
	run(1, "backup", file, "--data", s.data)
	run(2, "backup", "--data", s.data)
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup: %v %v", info, err)
	}
	if got := run(2, "backup", filepath.Join(dir, "p.db"), "--database", "postgres://127.0.0.1:1/x"); !strings.Contains(got, "pg_basebackup") {
		t.Errorf("of PostgreSQL: %s", got)
	}
	run(1, "restore", file, "--data", s.data) // holds one
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	into := filepath.Join(dir, "into")
	for name, data := range map[string][]byte{
		"cut.db":     whole[:len(whole)/2],
		"text.db":    []byte(strings.Repeat("no database\n", 4000)),
		"rotten.db":  bytes.ReplaceAll(whole, []byte("outside/cash"), []byte("outside/c\x00sh")),
		"missing.db": nil,
	} {
		path := filepath.Join(dir, name)
		if data != nil {
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		run(1, "restore", path, "--data", into)
		if left, _ := filepath.Glob(filepath.Join(into, "skinrail.db*")); len(left) != 0 {
			t.Errorf("%s left %v", name, left)
		}
	}
	run(0, "restore", file, "--data", into, "--key-file", filepath.Join(s.data, "key"))
	if names, _ := filepath.Glob(filepath.Join(dir, "*part*")); len(names) != 0 {
		t.Errorf("left behind: %v", names)
	}
}

// A large database is restored, with proof, within a minute a gigabyte.
// SKINRAIL_RESTORE_MB sets its size.
func TestRestoreTakesAMinuteForAGigabyte(t *testing.T) {
	t.Parallel()
	size, err := strconv.Atoi(os.Getenv("SKINRAIL_RESTORE_MB"))
	if err != nil {
		size = 32
	}
	s := start(t)
	s.end(syscall.SIGTERM)
	s.plant(fmt.Sprintf(`with recursive n (i) as (select 1 union all select i + 1 from n where i < %d)
		insert into drift (bot, kind, subject, detail, looks, first_seen, last_seen, gone_at) select 'none', 'filler', i, hex(zeroblob(500)), 1, 1, 1, 1 from n`, size*950))
	dir := t.TempDir()
	file := filepath.Join(dir, "large.db")
	began := time.Now()
	if out, errors, code := command(t, "", "backup", file, "--data", s.data); code != 0 {
		t.Fatalf("backup: exit %d %s%s", code, out, errors)
	}
	backed := time.Since(began)
	began = time.Now()
	if out, errors, code := command(t, "", "restore", file, "--data", filepath.Join(dir, "into"), "--key-file", filepath.Join(s.data, "key")); code != 0 {
		t.Fatalf("restore: exit %d %s%s", code, out, errors)
	}
	took := time.Since(began)
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	megabytes := info.Size() / 1_000_000
	t.Logf("%d MB: backup %v, restore with proof %v", megabytes, backed.Round(time.Millisecond), took.Round(time.Millisecond))
	if megabytes < int64(size) || took > time.Minute {
		t.Errorf("%d MB of %d, restored in %v", megabytes, size, took)
	}
}
