package apidoc_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/skinrail/skinrail/internal/apidoc"
	"github.com/skinrail/skinrail/internal/apidoc/apidoctest"
)

func TestDocumentIsOpenAPI(t *testing.T) {
	t.Parallel()
	if err := apidoctest.Valid(); err != nil {
		t.Fatal(err)
	}
}

func TestExamplesAreWhatTheyDescribe(t *testing.T) {
	t.Parallel()
	for _, m := range apidoc.Methods() {
		if err := apidoctest.Answer(m.Name, m.Response); err != nil {
			t.Errorf("%s: %v", m.Name, err)
		}
		request := strings.TrimPrefix(string(m.Request), "{")
		if request != "}" {
			request = "," + request
		}
		if err := apidoctest.Request(m.Name, []byte(`{"method":"`+m.Name+`"`+request)); err != nil {
			t.Errorf("%s: request: %v", m.Name, err)
		}
	}
}

// The check can fail: each of these differs from a good answer in one detail.
func TestWrongAnswersAreSeen(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ method, body string }{
		{"create", `{"status":"success","url":"x","transaction_id":"1"}`},
		{"create", `{"status":"success","url":"x"}`},
		{"create", `{"status":"success","url":"x","transaction_id":1,"more":1}`},
		{"create", `{"status":"error","error_code":5,"error_message":"invalid_steam_id"}`},
		{"create", `{"status":"error","error_code":13,"error_message":"x"}`},
		{"create", `{"status":"error","error_code":-6,"error_message":"market_disabled"}`},
		{"balance", `{"status":"success","balance":1}`},
		{"orders", `{"status":"success","total_count":"1","has_more":false,"start_from":1,"items":[]}`},
		{"market_history", `{"status":"success","total_count":1,"has_more":false,"start_from":1,"items":[]}`},
		{"orderstatus", `{"status":"done","transaction_id":"1","order_id":"o","date":1}`},
		{"orderstatus", `{"status":"fail","transaction_id":1,"order_id":"o","date":1}`},
	} {
		if err := apidoctest.Answer(c.method, []byte(c.body)); err == nil {
			t.Errorf("%s: %s is taken for right", c.method, c.body)
		}
	}
	if err := apidoctest.Component("StatusChange", []byte(`{"event":"status_change","data":{"custom_id":null}}`)); err == nil {
		t.Error("a wrong event is taken for right")
	}
}

func TestPageShowsEveryMethodAndLoadsNothing(t *testing.T) {
	t.Parallel()
	get := func(path string) *httptest.ResponseRecorder {
		rec := httptest.NewRecorder()
		apidoc.Handler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, http.NoBody))
		if rec.Code != http.StatusOK || rec.Header().Get("Content-Security-Policy") == "" {
			t.Errorf("%s: %d %v", path, rec.Code, rec.Header())
		}
		return rec
	}
	page := get("/docs/").Body.String()
	for _, m := range apidoc.Methods() {
		if !strings.Contains(page, `<section id="`+m.Name+`">`) {
			t.Errorf("no section for %s", m.Name)
		}
	}
	for _, outside := range []string{"http://", "https://cdn", "<script", "src="} {
		if strings.Contains(strings.ReplaceAll(page, "https://HOST", ""), outside) {
			t.Errorf("the page holds %s", outside)
		}
	}
	get("/docs/style.css")
	if got := get("/openapi.json").Body.String(); !strings.Contains(got, `"openapi": "3.1.0"`) {
		t.Errorf("%.80s", got)
	}
}
