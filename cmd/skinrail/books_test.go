package main_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// readyz asks the main listener.
func (s *sandbox) readyz() (int, string) {
	s.t.Helper()
	a, err := http.Get(s.ready.GatewayURL + "/readyz")
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = a.Body.Close() }()
	text, err := io.ReadAll(a.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return a.StatusCode, string(text)
}

// proof runs skinrail audit.
func (s *sandbox) proof(args ...string) (string, int) {
	s.t.Helper()
	out, errors, code := s.command("", append(append([]string{"audit", "--data", s.data}, databaseArgs(s.args)...), args...)...)
	return out + errors, code
}

// wantStopped checks that no money moves, that reading goes on, and that
// everybody is told.
func (s *sandbox) wantStopped(custom string) {
	s.t.Helper()
	buy := answer{"method": "market_buy", "partner": "39734474", "token": "Aut0-acc", "custom_id": custom, "name": "P250 | Sand Dune (Field-Tested)"}
	eventually(s.t, "no money moves", func() bool {
		if status, _ := s.readyz(); status != http.StatusServiceUnavailable {
			return false // it is not known yet; buying until it is empties the shelf
		}
		got := s.api(buy)
		if got.text("status") != "error" {
			buy["custom_id"] = buy.text("custom_id") + "x" // it was not known yet
			return false
		}
		detail, _ := got["error_detail"].(string)
		return got["error_code"] == -9.0 && strings.HasPrefix(detail, "request ")
	})
	if got := s.ok(answer{"method": "balance"}); got["balance"] == nil {
		s.t.Errorf("balance: %v", got)
	}
	if status, text := s.readyz(); status != http.StatusServiceUnavailable || !strings.Contains(text, "skinrail audit") {
		s.t.Errorf("/readyz: %d %s", status, text)
	}
	if got := s.ok(answer{"method": "status"}); got["available"] != false || got["reason"] != "site_off" {
		s.t.Errorf("status: %v", got)
	}
	s.shows(s.metrics(), "skinrail_money_stopped", 1)
}

// Somebody changes a balance behind the running program's back. The audit and
// the check at the start each find it and stop money, until an audit finds the
// books right again.
func TestBrokenBooksStopTheRunningProgram(t *testing.T) {
	t.Parallel()
	for name, args := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop := openShop(t, exampleID, exampleSecret)
			s := start(t, append([]string{"--world", world(t, shop.URL)}, args...)...)
			s.ok(answer{"method": "market_buy", "partner": "39734475", "token": "Dec1ines", "custom_id": "p-1", "name": "P250 | Sand Dune (Field-Tested)"})
			eventually(t, "everything is sealed", func() bool { return s.metrics()["skinrail_books_unsealed"] == 0 })
			plant := fmt.Sprintf("update account set balance = balance + 5 where path = 'project/%s/available'", exampleID)
			mend := strings.Replace(plant, "+", "-", 1)

			s.plant(plant)
			text, code := s.proof()
			if code != 1 || !strings.Contains(text, "first wrong: account ") || !strings.Contains(text, "(project/"+exampleID+"/available) holds ") {
				t.Errorf("audit: exit %d\n%s", code, text)
			}
			s.wantStopped("p-2")
			s.end(syscall.SIGTERM)
			if !strings.Contains(s.err.String(), "no money moves until skinrail audit finds nothing wrong") {
				t.Errorf("the log does not tell:\n%s", s.err.String())
			}
			s.start()
			s.wantStopped("p-3")
			s.plant(mend)
			s.wantStopped("p-4") // being right again is not enough
			if text, code := s.proof(); code != 0 || !strings.Contains(text, "money moves again") {
				t.Errorf("audit after the repair: exit %d\n%s", code, text)
			}
			eventually(t, "ready again", func() bool { status, _ := s.readyz(); return status == http.StatusOK })
			s.ok(answer{"method": "market_buy", "partner": "39734475", "token": "Dec1ines", "custom_id": "p-5", "name": "P250 | Sand Dune (Field-Tested)"})

			if code := s.end(syscall.SIGTERM); code != 0 {
				t.Errorf("exit %d after SIGTERM", code)
			}
			if text, code := s.proof(); code != 0 || !strings.Contains(text, ", 0 transactions after it") {
				t.Errorf("what was committed is not sealed at a stop: exit %d\n%s", code, text)
			}
			s.plant(plant)
			s.start() // nobody has said so: the check at the start finds it
			s.wantStopped("p-6")
			s.plant(mend)
			text, code = s.proof()
			if code != 0 {
				t.Errorf("audit: exit %d\n%s", code, text)
			}
			_, text, _ = strings.Cut(text, "seal ")
			seal, _, _ := strings.Cut(text, ",")
			if text, code := s.proof("--seal", seal); code != 0 {
				t.Errorf("audit with the seal %s: exit %d\n%s", seal, code, text)
			}
			number, _, _ := strings.Cut(seal, ":")
			if text, code := s.proof("--seal", number+":"+strings.Repeat("ab", 32)); code != 1 || !strings.Contains(text, "is not in the chain") {
				t.Errorf("audit with another seal: exit %d\n%s", code, text)
			}
			if _, code := s.proof("--seal", "nonsense"); code != 2 {
				t.Errorf("audit with nonsense: exit %d", code)
			}
		})
	}
}

// Steam's support undoes a deposit after it was credited, and the merchant has
// spent the money: an operator books it beside the running program.
func TestDepositUndoneAfterItWasCreditedIsOwed(t *testing.T) {
	t.Parallel()
	for name, args := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, append([]string{"--world", world(t, openShop(t, exampleID, exampleSecret).URL)}, args...)...)
			d := s.ok(answer{"method": "create", "order_id": "inv-1", "steam_id": "76561198000000201"})
			deposit := fmt.Sprint(d["transaction_id"])
			s.control(http.StatusOK, http.MethodPost, "/deposits/"+deposit+"/success", nil)
			s.project("pay-out", exampleID, "1000", "--ref", "wire-1", "--by", "ann")
			s.project("pay-out", exampleID, "15", "--ref", "wire-2", "--by", "ann") // of the deposit's 20.282
			s.plant(fmt.Sprintf("insert into drift (bot, kind, subject, detail, looks, first_seen, last_seen) values ('%s', 'trade_undone', '%s', 'status 4', 2, 1, 1)",
				s.worldBot().SteamID, s.steamTrade("inv-1")))
			undone := func() any { a, _ := s.diagnosis(); return a["counts"].(map[string]any)["trade_undone"] }
			if undone() != 1.0 {
				t.Error("the doctor does not name it")
			}
			undo := []string{"undo", deposit, "--by", "ann", "--note", "rolled back by support", "--json"}
			first := s.project(undo...)
			if !strings.Contains(first, `"owed": "15.000"`) || !strings.Contains(first, `"replayed": false`) {
				t.Errorf("undo: %s", first)
			}
			if again := s.project(undo...); again != strings.Replace(first, `"replayed": false`, `"replayed": true`, 1) {
				t.Errorf("again: %s, first %s", again, first)
			}
			eventually(t, "the money is gone", func() bool { return s.ok(answer{"method": "balance"})["balance"] == "0.00" })
			if got := s.ok(answer{"method": "orderstatus", "order_id": "inv-1"}); got.text("status") != "success" {
				t.Errorf("order %v", got)
			}
			if n := undone(); n != nil {
				t.Errorf("the doctor names %v that was booked", n)
			}
			s.shows(s.metrics(), "skinrail_projects_over_debt_limit", 0)
			if got := s.project("debt", exampleID, "10"); !strings.Contains(got, "owes 15.000 USD and may owe 10.000 USD") || !strings.Contains(got, "stopped") {
				t.Errorf("debt: %s", got)
			}
			s.shows(s.metrics(), "skinrail_projects_over_debt_limit", 1)
			s.shows(s.metrics(), "skinrail_owed_usd", 15)
			if got := s.api(answer{"method": "market_buy", "partner": "39734474", "token": "Aut0-acc", "name": "P250 | Sand Dune (Field-Tested)"}); got["error_message"] != "insufficient_funds" {
				t.Errorf("who owes buys: %v", got)
			}
			s.project("pay-in", exampleID, "15.50", "--ref", "wire-3", "--by", "ann") // pays the debt first
			eventually(t, "the rest is there", func() bool { return s.ok(answer{"method": "balance"})["balance"] == "0.50" })
			s.shows(s.metrics(), "skinrail_owed_usd", 0)
			s.audit()
		})
	}
}

// Nobody looks, and nothing is restarted: within a minute the running program
// finds it by itself.
func TestBrokenBooksAreFoundWithinAMinute(t *testing.T) {
	t.Parallel()
	for name, args := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, args...)
			s.plant("update account set balance = balance + 5 where path like 'project/%/available'")
			began := time.Now()
			for status := 0; status != http.StatusServiceUnavailable; status, _ = s.readyz() {
				if time.Since(began) > patience {
					t.Fatal("nothing is found")
				}
				time.Sleep(100 * time.Millisecond)
			}
			t.Logf("found after %v", time.Since(began).Round(time.Second))
			s.wantStopped("p-1")
		})
	}
}
