package main_test

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// oldSchema puts a database of an earlier schema into a folder.
func oldSchema(t *testing.T) (data string) {
	t.Helper()
	packed, err := os.Open("../../scripts/drills/schema-22.db.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	unpacked, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := io.ReadAll(unpacked)
	if err != nil {
		t.Fatal(err)
	}
	data = t.TempDir()
	for name, content := range map[string]string{"skinrail.db": string(whole), "key": strings.Repeat("5e", 32)} {
		if err := os.WriteFile(filepath.Join(data, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return data
}

// An older program may be serving the database that an operator's command looks
// at: only what is told to brings its schema forward.
func TestCommandsLeaveAnOlderSchemaAlone(t *testing.T) {
	t.Parallel()
	data := oldSchema(t)
	for _, args := range [][]string{
		{"audit"}, {"doctor"}, {"doctor", "--release", "--by", "ann"}, {"maintenance", "on"}, {"backup", filepath.Join(t.TempDir(), "b.db")},
		{"project", "list"}, {"project", "add", "New"}, {"bot", "list"}, {"bot", "stop"},
		{"price", "show", redline}, {"price", "set", redline, "1.00", "--by", "ann"},
	} {
		for range 2 { // after the first the schema is what it was
			out, errors, code := command(t, "", append(args, "--data", data)...)
			if code != 1 || !strings.Contains(errors, "older than this program") || !strings.Contains(errors, "use the program that serves it") {
				t.Errorf("%v: exit %d\n%s%s", args, code, out, errors)
			}
		}
	}
	for _, args := range [][]string{{"migrate"}, {"audit"}} {
		if out, errors, code := command(t, "", append(args, "--data", data)...); code != 0 {
			t.Errorf("%v: exit %d\n%s%s", args, code, out, errors)
		}
	}
}

// A gateway that serves a folder is alone there, and may be an older one: its
// schema is not changed under it.
func TestMigrateLeavesAServedFolderAlone(t *testing.T) {
	t.Parallel()
	data := oldSchema(t)
	gateway, err := os.Create(filepath.Join(data, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer gateway.Close()
	if err := syscall.Flock(int(gateway.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if out, errors, code := command(t, "", "migrate", "--data", data); code != 1 || !strings.Contains(errors, "in use by another skinrail: stop that one") {
		t.Errorf("while an older gateway serves: exit %d\n%s%s", code, out, errors)
	}
	if _, errors, code := command(t, "", "audit", "--data", data); code != 1 || !strings.Contains(errors, "older than this program") {
		t.Errorf("the schema has changed: exit %d\n%s", code, errors)
	}
	gateway.Close()
	for _, folder := range []string{data, start(t).data} { // the other one is served, and up to date
		if out, errors, code := command(t, "", "migrate", "--data", folder); code != 0 || !strings.Contains(out, "up to date") {
			t.Errorf("exit %d\n%s%s", code, out, errors)
		}
	}
}

// A backup holds no key: who restores it without one hears of it before, not
// from bots that cannot log in.
func TestRestoreAsksForTheKey(t *testing.T) {
	t.Parallel()
	s := start(t)
	file := filepath.Join(t.TempDir(), "b.db")
	if _, errors, code := command(t, "", "backup", file, "--data", s.data); code != 0 {
		t.Fatal(errors)
	}
	s.end(syscall.SIGTERM)
	foreign := filepath.Join(t.TempDir(), "foreign")
	if err := os.WriteFile(foreign, []byte(strings.Repeat("5e", 32)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{nil, 1, "no key in"},
		{[]string{"--key-file", foreign}, 1, "is not that of this database"},
		{[]string{"--without-key"}, 0, "WARNING: no key in"},
		{[]string{"--without-key", "--key-file", foreign}, 0, "without it nobody opens the secrets of 2 projects and 3 bots"},
		{[]string{"--key-file", filepath.Join(s.data, "key")}, 0, "the books are right"},
	} {
		into := t.TempDir()
		out, errors, code := command(t, "", append([]string{"restore", file, "--data", into}, c.args...)...)
		if code != c.code || !strings.Contains(out+errors, c.says) || code == 0 && len(c.args) == 2 && strings.Contains(out, "WARNING") {
			t.Errorf("%v: exit %d\n%s%s", c.args, code, out, errors)
		}
		if left, _ := filepath.Glob(filepath.Join(into, "skinrail.db*")); len(left) != 1-c.code {
			t.Errorf("%v: left %v", c.args, left)
		}
	}
}

// A node that runs on a restored database sends what the old records say: it is
// found, whatever stands of nodes that were there when the backup was taken.
func TestMarkRefusesADatabaseThatIsServed(t *testing.T) {
	t.Parallel()
	database := ownDatabase(t)
	if database == "" {
		return
	}
	steam, _ := openSteam(t, 5)
	s := serveOn(t, steam.URL, "--database", database)
	s.serve()
	shop := openShop(t, "", "")
	shop.belongsTo(s.openBusiness(shop.URL))
	mark := []string{"restore", "--mark", "--database", database, "--data", s.data}
	if out, errors, code := command(t, "", mark...); code != 1 || !strings.Contains(errors, s.node+" runs on this database") {
		t.Errorf("while it serves: exit %d\n%s%s", code, out, errors)
	}
	if got := s.ok(answer{"method": "balance"}); got["balance"] == nil {
		t.Errorf("after a refused mark: %v", got)
	}
	s.kill() // its row stays, as in a backup
	if out, errors, code := command(t, "", mark...); code != 0 || !strings.Contains(out, "the gateway is closed") {
		t.Errorf("once it is gone: exit %d\n%s%s", code, out, errors)
	}
}

// What was given out between two restores of one backup is known outside: the
// second goes on with other ids than the first.
func TestBackupIsRestoredTwiceAndRepeatsNothing(t *testing.T) {
	t.Parallel()
	s := start(t)
	file := filepath.Join(t.TempDir(), "b.db")
	if _, errors, code := command(t, "", "backup", file, "--data", s.data); code != 0 {
		t.Fatal(errors)
	}
	given := map[any]bool{}
	for range 2 {
		s.end(syscall.SIGTERM)
		old, _ := filepath.Glob(filepath.Join(s.data, "skinrail.db*"))
		for _, f := range old {
			if err := os.Remove(f); err != nil {
				t.Fatal(err)
			}
		}
		if _, errors, code := command(t, "", "restore", file, "--data", s.data); code != 0 {
			t.Fatal(errors)
		}
		s.start()
		eventually(t, "the gateway is open", func() bool { return s.api(answer{"method": "balance"})["error_code"] != -9.0 })
		for _, order := range []string{"one", "two"} {
			id := s.ok(answer{"method": "create", "order_id": order})["transaction_id"]
			if given[id] {
				t.Errorf("deposit %v was given out before", id)
			}
			given[id] = true
		}
	}
}
