package main_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
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
func (s *sandbox) proof() (string, int) {
	s.t.Helper()
	out, errors, code := command(s.t, "", append([]string{"audit", "--data", s.data}, databaseArgs(s.args)...)...)
	return out + errors, code
}

// wantStopped checks that no money moves, that reading goes on, and that
// everybody is told.
func (s *sandbox) wantStopped(custom string) {
	s.t.Helper()
	buy := answer{"method": "market_buy", "partner": "39734474", "token": "Aut0-acc", "custom_id": custom, "name": "P250 | Sand Dune (Field-Tested)"}
	eventually(s.t, "no money moves", func() bool {
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
			if text, code := s.proof(); code != 0 {
				t.Errorf("audit: exit %d\n%s", code, text)
			}
		})
	}
}
