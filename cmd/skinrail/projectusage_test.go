package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestProjectCommandsSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := start(t)
	id, empty := s.ready.Projects[0].ClientID, t.TempDir()
	foreign := filepath.Join(empty, "foreign")
	if err := os.WriteFile(foreign, []byte(strings.Repeat("ab", 32)), 0o600); err != nil {
		t.Fatal(err)
	}
	before := s.project("show", id, "--json") + s.project("list", "--json")
	pay := func(args ...string) []string { return append(args, "--ref", "r", "--by", "ann") }
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"frob"}, 2, "frob"},
		{[]string{"add"}, 2, "is missing"},
		{[]string{"add", ""}, 2, "name"},
		{[]string{"add", "X", "colour=red"}, 2, "colour"},
		{[]string{"add", "X", "market"}, 2, "key=value"},
		{[]string{"add", "X", "--id", "-5"}, 2, "id"},
		{[]string{"add", "X", "--id", id}, 1, "exists"},
		{[]string{"add", "X", "--client-secret-file", filepath.Join(empty, "none")}, 1, "client secret"},
		{[]string{"add", "X", "--client-secret-file", os.DevNull}, 1, "empty"},
		{[]string{"add", "X", "--key-file", filepath.Join(empty, "none")}, 1, "--key-file"},
		{[]string{"add", "X", "--key-file", foreign}, 1, "not that of this database"},
		{[]string{"rotate", id, "--key-file", foreign}, 1, "not that of this database"},
		{[]string{"rotate", id, "--purpose", "panel"}, 2, "client or webhook"},
		{[]string{"rotate", "9"}, 1, "project 9"},
		{[]string{"rotate", "9", "--finish"}, 1, "no project 9"},
		{[]string{"show"}, 2, "is missing"},
		{[]string{"show", "x"}, 2, "project list"},
		{[]string{"show", "0"}, 2, "project list"},
		{[]string{"show", "99999999999999999999"}, 2, "project list"},
		{[]string{"show", "9"}, 1, "no project 9"},
		{[]string{"list", "extra"}, 2, "extra"},
		{[]string{"disable", "9"}, 1, "no project 9"},
		{[]string{"set", id}, 2, "is missing"},
		{[]string{"set", id, "colour=red"}, 2, "rate_limit"}, // names those that are
		{[]string{"set", id, "Market=on"}, 2, "Market"},
		{[]string{"set", id, "market=on", "market=off"}, 2, "twice"},
		{[]string{"set", id, "name=New", "market=maybe"}, 2, "on or off"},
		{[]string{"set", id, "name="}, 2, "name"},
		{[]string{"set", id, "name=a\tb"}, 2, "name"},
		{[]string{"set", id, "multiplier=0"}, 2, "multiplier"},
		{[]string{"set", id, "multiplier=1e3"}, 2, "multiplier"},
		{[]string{"set", id, "commission=1.01"}, 2, "commission"},
		{[]string{"set", id, "commission=-0.1"}, 2, "commission"},
		{[]string{"set", id, "result_url=ftp://x"}, 2, "result_url"},
		{[]string{"set", id, "result_url=http://10.0.0.1/"}, 2, "not public"},
		{[]string{"set", id, "events_url=https://me:you@shop.example/"}, 2, "user name"},
		{[]string{"set", id, "success_url=javascript:alert(1)"}, 2, "success_url"},
		{[]string{"set", id, "webhook_encoding=xml"}, 2, "json or form"},
		{[]string{"set", id, "rate_limit=0"}, 2, "rate_limit"},
		{[]string{"set", id, "rate_limit=9999999999"}, 2, "rate_limit"},
		{[]string{"set", id, "allowed_ips=shop.example"}, 2, "allowed_ips"},
		{[]string{"set", id, "origins=https://shop.example/path"}, 2, "origins"},
		{[]string{"pay-in", id, "5", "--ref", "r"}, 2, "--by"},
		{[]string{"pay-in", id, "5", "--by", "ann"}, 2, "--ref"},
		{pay("pay-in", id), 2, "is missing"},
		{pay("pay-in", id, "1.2345"), 2, "three digits"},
		{pay("pay-in", id, "1e3"), 2, "amount"},
		{pay("pay-in", id, "0"), 2, "amount"},
		{pay("pay-in", id, "-5"), 2, "-5"},
		{pay("pay-in", id, "99999999999"), 2, "amount"},
		{pay("pay-in", "9", "5"), 1, "no project 9"},
		{append(pay("pay-in", id, "5"), "--by", "two words"), 2, "operator"},
		{append(pay("pay-in", id, "5"), "--note", "a\nb"), 2, "note"},
		{[]string{"approve", "1"}, 2, "--by"},
		{[]string{"approve", "1", "--by", "bob"}, 1, "no booking 1"},
		{[]string{"reject", "one", "--by", "bob"}, 2, "booking"},
		{[]string{"limit", "lots"}, 2, "limit"},
	} {
		out, errors, code := command(t, "", s.projectArgs(c.args...)...)
		if code != c.code || !strings.Contains(errors, c.says) || out != "" {
			t.Errorf("%q: exit %d, %s%s; want %d and %q", c.args, code, out, errors, c.code, c.says)
		}
	}
	if after := s.project("show", id, "--json") + s.project("list", "--json"); after != before {
		t.Errorf("a refused command changed something:\n%s\n%s", before, after)
	}
	if _, errors, code := command(t, "", "project", "list", "--data", empty); code != 1 || !strings.Contains(errors, "--data") {
		t.Errorf("without a database: exit %d, %s", code, errors)
	}
}
