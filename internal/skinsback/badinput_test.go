package skinsback

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/skinrail/skinrail/internal/apidoc"
	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/steam"
)

// siege is a world under bad input: each answer is judged, and what is stored
// is compared.
type siege struct {
	*world
	asked    map[string]int // by class
	serial   int
	tried    map[int]int  // by how many are left out
	written  func() int64 // another number once something was written; nil where the database does not tell
	last     int64
	stored   string // all rows, before a parameter is tried
	accepted bool   // something of this parameter was
}

// Everything of the catalogue, as each parameter of each method, in JSON, as a
// form and as multipart: HTTP 200, a documented answer, the parameter's own
// error where it is malformed, and not one row changed unless it was accepted
// by a method that moves something.
func TestBadInputIsRefusedAndChangesNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := besiege(t, d)
		for _, m := range methodsOfDocument(t) {
			params := maps.Clone(m.params)
			if good[m.name] == nil { // an alias
				good := methodsByName()[m.name]
				m.name = good.name
			}
			params["game"] = params["game"] // also where nothing reads it
			for _, name := range slices.Sorted(maps.Keys(params)) {
				if params[name] != "" && good[m.name][name] == "" {
					t.Errorf("%s: no good value of %s", m.name, name)
				}
				s.try(m.name, name, params[name])
			}
		}
		total := 0
		for _, class := range slices.Sorted(maps.Keys(s.asked)) {
			total += s.asked[class]
		}
		t.Logf("%d requests: %v", total, s.asked)
		if s.written != nil && total < 5000 {
			t.Error("fewer than 5,000 requests")
		}
	})
}

// besiege furnishes a world with enough to buy and to give that what is
// accepted never runs out.
func besiege(t *testing.T, d *db.DB) *siege {
	s := &siege{world: newWorldOn(t, d), asked: map[string]int{}, tried: map[int]int{}}
	s.hostile = true
	s.door.offerTime = -time.Second
	s.open("mine")
	s.foreign()
	items := []steam.Item{asset("41000000003", capillary)}
	for i := range 400 {
		items = append(items, asset(strconv.Itoa(42000000000+i), sandDune))
	}
	s.ok(s.fleet.SyncItems(t.Context(), botID, steam.CS2, steam.ContextMain, items, s.now))
	s.stored = s.everything()
	if d.Engine() == db.SQLite {
		s.written = s.watchFile()
		s.last = s.written()
	}
	return s
}

// watchFile asks SQLite itself, on a connection of its own, whether any page of
// the file was written: a transaction that changes nothing does not count.
func (s *siege) watchFile() func() int64 {
	var number int
	var name, path string
	s.ok(s.db.Read().QueryRowContext(s.t.Context(), "pragma database_list").Scan(&number, &name, &path))
	file, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	s.ok(err)
	conn, err := file.Conn(s.t.Context())
	s.ok(err)
	s.t.Cleanup(func() { _ = conn.Close(); _ = file.Close() })
	return func() (n int64) {
		s.ok(conn.QueryRowContext(s.t.Context(), "pragma data_version").Scan(&n))
		return n
	}
}

// try sends every value of the catalogue as one parameter. Unless one of them
// was accepted all rows are the same afterwards.
func (s *siege) try(method, name, schema string) {
	s.t.Helper()
	s.accepted = false
	for _, class := range slices.Sorted(maps.Keys(catalogue)) {
		for _, bad := range catalogue[class] {
			for _, value := range inside(schema, bad) {
				for i, send := range []func(map[string]string) (string, string, bool){jsonBody, formBody, multipartBody} {
					if !s.dose(i > 0, class == "B9" && schema != "URL") {
						continue
					}
					params := s.request(method, name, value)
					body, contentType, can := send(params)
					if !can || len(body) > maxBody+1 {
						continue
					}
					s.asked[class]++
					answer := s.send(body, http.Header{"X-Client-Id": {"4021"}, "X-Client-Secret": {shopKey}, "Content-Type": {contentType}})
					s.judge(method, name, schema, value, contentType, answer)
				}
			}
		}
	}
	for _, odd := range []string{"%s[]=1", "%s[b]=1", "%s=1&%s=2", "%s=1&%[1]s[]=2", "%s[0][id]=1&%[1]s[0][id]=2", "%s[=1", "%s]=1"} { // forms only
		pair := strings.ReplaceAll(odd, "%[1]s", "%s")
		pair = strings.ReplaceAll(pair, "%s", name)
		params := s.request(method, name, `null`)
		body, _, _ := formBody(params)
		s.asked["B2"]++
		s.judge(method, name, "", pair, formType, s.send(body+"&"+pair+"&"+strings.ToUpper(name)+"=A", http.Header{"X-Client-Id": {"4021"},
			"X-Client-Secret": {shopKey}}))
	}
	if now := s.everything(); !s.accepted && now != s.stored {
		s.t.Errorf("%s of %s: nothing was accepted, but something changed: %s", name, method, difference(s.stored, now))
	} else {
		s.stored = now
	}
}

// dose takes one of four values in JSON, one of twelve in forms, one of sixteen
// addresses where none is due, and on PostgreSQL a third of that: others at each
// parameter. SKINRAIL_BAD_INPUT=all takes all.
func (s *siege) dose(form, farFetched bool) bool {
	one := 4
	switch {
	case os.Getenv("SKINRAIL_BAD_INPUT") == "all":
		return true
	case farFetched:
		one = 16
	case form:
		one = 12
	}
	if s.written == nil {
		one *= 3
	}
	s.tried[one]++
	return s.tried[one]%one == 0
}

// inside puts a value also where a list has its elements.
func inside(schema, bad string) []string {
	switch schema {
	case "List", "Names", "AssetIDs":
		return []string{bad, "[" + bad + "]", "[" + bad + "," + bad + "]"}
	case "Wishes":
		return []string{bad, `[{"id":` + bad + `}]`, `[{"id":3,"max_price":` + bad + `}]`, `[{"id":3,"custom_id":` + bad + `}]`, `[` + bad + `]`}
	}
	return []string{bad}
}

// request is a good call with one parameter replaced.
func (s *siege) request(method, name, value string) map[string]string {
	s.serial++
	params := map[string]string{"method": `"` + method + `"`}
	for k, v := range good[method] {
		params[k] = strings.ReplaceAll(v, "UNIQUE", fmt.Sprint("unique-", s.serial))
	}
	for _, rival := range rivals[method+"."+name] {
		delete(params, rival)
	}
	params[name] = value
	return params
}

func jsonBody(params map[string]string) (body, contentType string, can bool) {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(params)) {
		b.WriteString(`,"` + k + `":` + params[k])
	}
	return "{" + b.String()[1:] + "}", jsonType, true
}

// formBody sends what can be said in a form: texts.
func formBody(params map[string]string) (body, contentType string, can bool) {
	form := url.Values{}
	for k, v := range params {
		if strings.HasPrefix(v, "[") && json.Valid([]byte(v)) {
			return "", "", false
		}
		form.Set(k, unquote(v))
	}
	return form.Encode(), formType, true
}

func multipartBody(params map[string]string) (body, contentType string, can bool) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for k, v := range params {
		if strings.HasPrefix(v, "[") && json.Valid([]byte(v)) {
			return "", "", false
		}
		if err := w.WriteField(k, unquote(v)); err != nil {
			return "", "", false
		}
	}
	_ = w.Close()
	return b.String(), w.FormDataContentType(), true
}

func unquote(source string) string {
	var s string
	if json.Unmarshal([]byte(source), &s) == nil {
		return s
	}
	return strings.Trim(source, `"`)
}

// judge decides on one answer.
func (s *siege) judge(method, name, schema, value, contentType, answer string) {
	s.t.Helper()
	what := fmt.Sprintf("%s with %s = %.80s as %.20s", method, name, value, contentType)
	n, _ := code(s.t, answer)
	unreadable := contentType == jsonType && !readable(value)
	form := contentType != jsonType
	switch {
	case n != 0 && n != -5 && !documented(method, n):
		s.t.Errorf("%s: undocumented %s", what, answer)
	case unreadable && n != -5:
		s.t.Errorf("%s: an unreadable body got %s", what, answer)
	case !unreadable && n == -5 && schema != "" && !form:
		s.t.Errorf("%s: %s", what, answer)
	case !unreadable && n != -5 && malformed(method, name, schema, value, form):
		if want := own[method+"."+name]; n == 0 || want != 0 && n != want {
			s.t.Errorf("%s: got %.200s, want error %d", what, answer, want)
		}
	}
	accepted := moves(method, answer) && (n == 0 || n == 11)
	s.accepted = s.accepted || accepted
	if s.written == nil {
		return
	}
	now := s.written()
	if now != s.last && !accepted {
		s.t.Errorf("%s: something was written: %.200s", what, answer)
	}
	s.last = now
}

// moves tells the answers behind which something may have changed. An order
// whose offer was too late stays visible.
func moves(method, answer string) bool {
	switch method {
	case "create", "create_from_user_inventory", "market_buy", "user_inventory": // the last keeps what an inventory is worth
		return true
	case "market_batch_buy":
		return !strings.Contains(answer, `"purchased":[]`)
	}
	return false
}

// readable says of a value whether a JSON body with it can be read at all.
func readable(value string) bool {
	if !utf8.ValidString(value) || strings.Contains(value, `\ud800`) || strings.Contains(value, `{"a":1,"a":2}`) || strings.Contains(value, "[[[[[[") {
		return false
	}
	return json.Valid([]byte(value))
}

// documented reports whether the reference says that a method may answer so.
func documented(method string, n int) bool {
	for _, m := range apidoc.Methods() {
		if m.Name == method {
			return slices.ContainsFunc(m.Errors, func(e apidoc.Error) bool { return e.Code == n })
		}
	}
	return false
}
