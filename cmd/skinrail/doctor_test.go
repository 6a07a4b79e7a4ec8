package main_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the drivers
	_ "modernc.org/sqlite"
)

// diagnosis is what the doctor says as JSON, and his exit code.
func (s *sandbox) diagnosis() (answer, int) {
	s.t.Helper()
	out, errors, code := s.command("", append([]string{"doctor", "--data", s.data, "--json"}, databaseArgs(s.args)...)...)
	var a answer
	if err := json.Unmarshal([]byte(out), &a); err != nil {
		s.t.Fatalf("doctor: exit %d, %v\n%s%s", code, err, out, errors)
	}
	return a, code
}

// The gateway compares Steam with its records by itself: after the main job
// there is no difference, and what somebody changes behind its back is named.
func TestDoctorNamesWhatDiffersFromSteam(t *testing.T) {
	t.Parallel()
	shop := openShop(t, exampleID, exampleSecret)
	s := start(t, "--world", world(t, shop.URL))
	d := s.ok(answer{"method": "create", "order_id": "inv-1", "steam_id": "76561198000000201"})
	s.control(http.StatusOK, http.MethodPost, fmt.Sprintf("/deposits/%v/in_hold", d["transaction_id"]), nil)
	s.ok(answer{"method": "market_buy", "partner": "39734474", "token": "Aut0-acc", "custom_id": "p-1", "name": "P250 | Sand Dune (Field-Tested)"})
	s.waitPurchase("p-1", "accepted")
	r := s.ok(answer{"method": "create", "order_id": "r-1", "steam_id": "76561198000000204", "trade_token": "Rev3rses"})
	s.control(http.StatusOK, http.MethodPost, fmt.Sprintf("/deposits/%v/in_hold", r["transaction_id"]), nil)
	for range 8 { // the hold, the reversal and many looks
		s.control(http.StatusOK, http.MethodPost, "/clock", answer{"advance": "25h"})
	}
	eventually(t, "all is well", func() bool {
		a, code := s.diagnosis()
		if fmt.Sprint(a["counts"]) != "map[]" {
			t.Fatalf("exit %d, %v", code, a)
		}
		return code == 0 && a["well"] == true
	})
	a, _ := s.diagnosis()
	bots, _ := a["bots"].([]any)
	if len(bots) == 0 || bots[0].(map[string]any)["compared"] == nil {
		t.Errorf("it does not say when Steam and the records were compared: %v", a["bots"])
	}

	s.plant("update trade set partner = '76561198000000999' where owner like 'deposit/%' and state = 'settled'")
	s.plant("update trade set reference = 'SOMETHING' where owner like 'purchase/%'")
	s.untilAfter(t, "the doctor names both", func() bool {
		s.control(http.StatusOK, http.MethodPost, "/clock", answer{"advance": "70m"})
		a, code := s.diagnosis()
		counts, _ := a["counts"].(map[string]any)
		return code == 1 && counts["offer_partner"] == 1.0 && counts["trade_partner"] == 1.0 && counts["offer_message"] == 1.0
	})
}

// Nobody else moves money that waits for a second person: after three days the
// doctor is not well (G15).
func TestDoctorNamesMoneyThatWaitsForAPerson(t *testing.T) {
	t.Parallel()
	s := start(t, "--world", "testdata/world.example.json")
	s.project("limit", "100")
	s.project("pay-out", exampleID, "150", "--ref", "payout-1", "--by", "ann")
	s.control(http.StatusOK, http.MethodPost, "/clock", answer{"advance": "71h"})
	if a, _ := s.diagnosis(); fmt.Sprint(a["overdue_bookings"]) != "[]" {
		t.Errorf("before its time: %v", a["overdue_bookings"])
	}
	s.control(http.StatusOK, http.MethodPost, "/clock", answer{"advance": "2h"})
	a, code := s.diagnosis()
	late, _ := a["overdue_bookings"].([]any)
	if code != 1 || a["well"] != false || len(late) != 1 || answer(late[0].(map[string]any)).text("amount") != "150.000" {
		t.Errorf("exit %d, %v", code, a)
	}
	out, _, _ := s.command("", "doctor", "--data", s.data)
	if !strings.Contains(out, "OVERDUE BOOKING") || !strings.Contains(out, "ann") {
		t.Errorf("in words: %s", out)
	}
	s.project("reject", "1", "--by", "bea")
	if a, _ := s.diagnosis(); fmt.Sprint(a["overdue_bookings"]) != "[]" {
		t.Errorf("decided: %v", a["overdue_bookings"])
	}
}

// A secret that was replaced and is still valid after a month was forgotten, and
// what nobody works on is late (G15).
func TestDoctorNamesWhatIsForgottenOrLate(t *testing.T) {
	t.Parallel()
	for name, args := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop := openShop(t, exampleID, exampleSecret)
			s := start(t, append(args, "--world", world(t, shop.URL))...)
			forgotten := func() string {
				a, _ := s.diagnosis()
				return fmt.Sprint(a["overdue"])
			}
			s.project("rotate", exampleID, "--purpose", "webhook")
			s.control(http.StatusOK, http.MethodPost, "/clock", answer{"advance": "719h"})
			eventually(t, "nothing is overdue before its time", func() bool { return forgotten() == "[]" })
			s.shows(s.metrics(), "skinrail_rotations", 1)
			s.control(http.StatusOK, http.MethodPost, "/clock", answer{"advance": "2h"})
			eventually(t, "the old secret is named", func() bool {
				out, _, code := s.command("", append([]string{"doctor", "--data", s.data}, databaseArgs(s.args)...)...)
				return code == 1 && strings.Contains(out, "OVERDUE") && strings.Contains(out, "skinrail project rotate "+exampleID+" --purpose webhook --finish")
			})
			if m := s.metrics(); m["skinrail_rotation_seconds"] < 30*24*3600 {
				t.Errorf("rotation for %v s", m["skinrail_rotation_seconds"])
			}
			s.project("rotate", exampleID, "--purpose", "webhook", "--finish")
			eventually(t, "nothing is overdue any more", func() bool { return forgotten() == "[]" })

			s.ok(answer{"method": "create", "order_id": "late-1"})
			d := s.ok(answer{"method": "create", "order_id": "paid-1", "steam_id": "76561198000000201"})
			s.control(http.StatusOK, http.MethodPost, fmt.Sprintf("/deposits/%v/in_hold", d["transaction_id"]), nil)
			eventually(t, "the event is on its way", func() bool { return s.metrics()["skinrail_events_behind"] == 0 })
			s.kill()
			s.plant("update deposit set expires_at = expires_at - 8000000000 where order_id = 'late-1'")
			s.plant("update feed_cursor set seq = seq - 1 where reader = 'webhook'")
			s.plant("update event set at = at - 1000000000")
			if got := forgotten(); !strings.Contains(got, "a payment link ends") || !strings.Contains(got, "an event becomes a notification") {
				t.Errorf("overdue: %s", got)
			}
			s.plant("insert into ledger_stop (id, at, what) values (1, 1, 'account 1 holds 5')")
			if a, code := s.diagnosis(); code != 1 || a.text("money_stopped") != "account 1 holds 5" {
				t.Errorf("exit %d, %v", code, a)
			}
		})
	}
}

// Who forgets that he has switched something off for a while is told: maintenance
// and stopped bots after a day, one bot after two weeks. Saying it once more is
// to mean it (G15).
func TestDoctorNamesWhatIsSwitchedOffTooLong(t *testing.T) {
	t.Parallel()
	for name, args := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, append(args, "--world", "testdata/world.example.json")...)
			where := append([]string{"--data", s.data}, databaseArgs(s.args)...)
			do := func(words ...string) {
				t.Helper()
				if out, errs, code := s.command("", append(words, where...)...); code != 0 {
					t.Fatalf("%v: exit %d, %s%s", words, code, out, errs)
				}
			}
			after := func(time string) string {
				t.Helper()
				s.control(http.StatusOK, http.MethodPost, "/clock", answer{"advance": time})
				var said []string
				a, code := s.diagnosis()
				for _, one := range a["overdue"].([]any) {
					if o := answer(one.(map[string]any)); !strings.Contains(o.text("advice"), "role worker") {
						said = append(said, o.text("what"))
					}
				}
				if len(said) > 0 && code != 1 {
					t.Errorf("%v and exit %d", said, code)
				}
				return strings.Join(said, ", ")
			}
			expect := func(got, want string) {
				t.Helper()
				if got != want {
					t.Errorf("too long is %q, want %q", got, want)
				}
			}
			bots, _, _ := s.command("", append([]string{"bot", "list", "--json"}, where...)...)
			var list []answer
			if err := json.Unmarshal([]byte(bots), &list); err != nil {
				t.Fatal(err)
			}
			bot := list[0].text("account_name")

			do("maintenance", "on")
			do("bot", "drain", bot)
			expect(after("23h"), "")
			if m := s.metrics(); m["skinrail_maintenance_seconds"] < 23*3600 || m["skinrail_maintenance_seconds"] > 25*3600 {
				t.Errorf("maintenance for %v s", m["skinrail_maintenance_seconds"])
			}
			expect(after("2h"), "maintenance ends")
			do("maintenance", "on")
			expect(after("1h"), "")
			do("maintenance", "off")
			expect(after("309h"), "") // 335 of 336 hours
			expect(after("2h"), "bot "+bot+" works again: it is draining")
			off := fmt.Sprintf("skinrail_bot_off_duty_seconds{account=%q,bot=%q}", bot, list[0].text("steam_id"))
			if m := s.metrics(); m[off] < 336*3600 || m["skinrail_maintenance_seconds"] != 0 {
				t.Errorf("off duty for %v s, maintenance for %v s", m[off], m["skinrail_maintenance_seconds"])
			}
			do("bot", "quarantine", bot)
			expect(after("1h"), "")
			do("bot", "enable", bot)
			do("bot", "stop")
			expect(after("23h"), "")
			if got := after("2h"); strings.Count(got, "it is stopped") != len(list) {
				t.Errorf("of %d stopped bots too long is %q", len(list), got)
			}
			do("bot", "start")
			expect(after("1h"), "")
		})
	}
}

// plant changes the sandbox's records behind its back.
func (s *sandbox) plant(statement string) {
	s.t.Helper()
	driver, source := "sqlite", "file:"+filepath.Join(s.data, "skinrail.db")+"?_pragma=busy_timeout(10000)"
	if args := databaseArgs(s.args); len(args) > 0 {
		driver, source = "pgx", args[1]
	}
	d, err := sql.Open(driver, source)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	done, err := d.ExecContext(s.t.Context(), statement)
	if err != nil {
		s.t.Fatal(err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		s.t.Fatalf("%s: %d rows, %v", statement, n, err)
	}
}

// A payer accepts an offer that Steam said it had not made, after his deposit has
// failed: the doctor names it, and by his word it is credited.
func TestDoctorCreditsALateOffer(t *testing.T) {
	t.Parallel()
	shop := openShop(t, exampleID, exampleSecret)
	s := start(t, "--world", world(t, shop.URL))
	s.steam("faults", `{"endpoint":"send","when":"after","kind":"eresult","value":"26"}`)
	s.steam("faults", `{"endpoint":"offers","kind":"late","value":"24h","count":-1}`)
	offered, _ := s.ok(answer{"method": "user_inventory", "game": "cs2", "steam_id": acceptingPayer, "trade_token": "Aut0-acc", "currency": "usd"})["data"].(map[string]any)
	item := answer(answer(offered["items"].([]any)[0].(map[string]any))["item"].(map[string]any)).text("asset_id")
	s.api(answer{"method": "create_from_user_inventory", "order_id": "late-1", "game": "cs2", "steam_id": acceptingPayer, "trade_token": "Aut0-acc", "item_asset_ids": []string{item}})
	status := func() string { return s.api(answer{"method": "orderstatus", "order_id": "late-1"}).text("status") }
	s.untilAfter(t, "it fails", func() bool {
		s.control(http.StatusOK, http.MethodPost, "/clock", answer{"advance": "20m"})
		return status() == "fail"
	})
	s.control(http.StatusOK, http.MethodDelete, "/faults", nil)
	var offer string
	s.untilAfter(t, "the doctor names it", func() bool {
		s.control(http.StatusOK, http.MethodPost, "/clock", answer{"advance": "10m"})
		a, code := s.diagnosis()
		drifts, _ := a["drifts"].([]any)
		if code != 1 || len(drifts) != 1 || drifts[0].(map[string]any)["kind"] != "offer_late" {
			return false
		}
		offer, _ = drifts[0].(map[string]any)["subject"].(string)
		return true
	})
	for _, args := range [][]string{{"--credit", "1", "--by", "ann", "--note", "agreed"}, {"--credit", offer, "--by", "ann"}} {
		if out, _, code := s.command("", append([]string{"doctor", "--data", s.data}, args...)...); code == 0 {
			t.Errorf("%v: %s", args, out)
		}
	}
	if out, errors, code := s.command("", "doctor", "--data", s.data, "--credit", offer, "--by", "ann", "--note", "agreed"); code != 0 || !strings.Contains(out, "at its next step") {
		t.Errorf("exit %d, %s%s", code, out, errors)
	}
	eventually(t, "it is held", func() bool { return status() == "in_hold" })
	s.control(http.StatusOK, http.MethodPost, "/clock", answer{"advance": "200h"})
	s.untilAfter(t, "it is credited, and all is well", func() bool {
		s.control(http.StatusOK, http.MethodPost, "/clock", answer{"advance": "10m"})
		a, code := s.diagnosis()
		return status() == "success" && code == 0 && a["well"] == true
	})
	if out, _, code := s.command("", "audit", "--data", s.data); code != 0 {
		t.Errorf("%s", out)
	}
}
