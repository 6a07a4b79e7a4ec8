package apidoctest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/skinrail/skinrail/internal/apidoc"
)

// Transport compares every call of the API and of the sandbox's control that
// crosses it with the reference, and hands differences to Report. What it
// carries is not changed. A request that was refused need not be as documented.
type Transport struct {
	Next   http.RoundTripper
	Report func(error)
}

// RoundTrip implements [http.RoundTripper].
func (t Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	api, control := strings.HasPrefix(r.URL.Path, "/api.php"), strings.HasPrefix(r.URL.Path, "/sandbox/")
	if !api && !control {
		return t.Next.RoundTrip(r)
	}
	sent, err := taken(&r.Body)
	if err != nil {
		return nil, err
	}
	res, err := t.Next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	got, err := taken(&res.Body)
	if err != nil {
		return nil, err
	}
	if res.Header.Get("Content-Encoding") != "" {
		return res, nil // the same bytes, packed
	}
	if api {
		err = checkCall(r.Header.Get("Content-Type"), sent, res, got)
	} else {
		err = checkControl(r.Method, r.URL.Path, sent, res.StatusCode, got)
	}
	if err != nil {
		t.Report(fmt.Errorf("%s %s %.300s: %d %.300s: not as documented: %w", r.Method, r.URL.Path, sent, res.StatusCode, got, err))
	}
	return res, nil
}

// taken reads a body and puts it back.
func taken(body *io.ReadCloser) ([]byte, error) {
	if *body == nil {
		return nil, nil
	}
	b, err := io.ReadAll(*body)
	_ = (*body).Close()
	*body = io.NopCloser(bytes.NewReader(b))
	return b, err
}

// checkCall compares one call of the merchant API.
func checkCall(contentType string, sent []byte, res *http.Response, got []byte) error {
	if res.StatusCode != http.StatusOK || res.Header.Get("X-Request-Id") == "" {
		return fmt.Errorf("HTTP %d with headers %v", res.StatusCode, res.Header)
	}
	params := parameters(contentType, sent)
	method, _ := params["method"].(string)
	if !known(method) {
		return Component("Error", got)
	}
	if err := Answer(method, got); err != nil || refused(got) {
		return err
	}
	asJSON, err := json.Marshal(params)
	return errors.Join(err, Request(method, asJSON))
}

func known(method string) bool {
	return slices.ContainsFunc(apidoc.Methods(), func(m apidoc.Method) bool { return method != "" && (m.Name == method || m.Alias == method) })
}

func refused(answer []byte) bool {
	var a struct {
		Code *int `json:"error_code"`
	}
	return json.Unmarshal(answer, &a) == nil && a.Code != nil
}

// checkControl compares one call of the sandbox's control.
func checkControl(verb, path string, sent []byte, status int, got []byte) error {
	for _, c := range apidoc.Controls() {
		if !strings.EqualFold(c.Verb, verb) || !fits(c.Path, path) {
			continue
		}
		if status != http.StatusOK {
			return Component("ControlError", got)
		}
		if err := Component(c.Answer, got); err != nil {
			return err
		}
		if c.Body == "" || len(bytes.TrimSpace(sent)) == 0 {
			return nil
		}
		return Component(c.Body, sent)
	}
	if status == http.StatusNotFound || status == http.StatusMethodNotAllowed {
		return nil
	}
	return errors.New("the reference has no such call")
}

// fits compares a path with a pattern such as /a/{b}.
func fits(pattern, path string) bool {
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return false
	}
	for i := range want {
		if want[i] != got[i] && !strings.HasPrefix(want[i], "{") {
			return false
		}
	}
	return true
}

// parameters reads a body as the reference describes it; forms become text and
// what PHP makes of brackets. A body that cannot be read has none.
func parameters(contentType string, sent []byte) map[string]any {
	params := map[string]any{}
	if text := bytes.TrimSpace(sent); len(text) > 0 && text[0] == '{' {
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber()
		_ = d.Decode(&params)
		return params
	}
	if media, p, err := mime.ParseMediaType(contentType); err == nil && media == "multipart/form-data" {
		form, err := multipart.NewReader(bytes.NewReader(sent), p["boundary"]).ReadForm(1 << 20)
		if err == nil {
			return nested(form.Value)
		}
		return params
	}
	form, _ := url.ParseQuery(string(sent))
	return nested(form)
}

// nested puts a[]=1, a[0]=1 and a[0][id]=1 in their places. The order of a list
// does not matter to a schema.
func nested(form map[string][]string) map[string]any {
	params := map[string]any{}
	rows := map[string]map[string]any{} // a[0] -> its members
	for name, values := range form {
		top, rest, list := strings.Cut(name, "[")
		if !list {
			params[name] = values[0]
			continue
		}
		all, _ := params[top].([]any)
		row, member, deeper := strings.Cut(strings.TrimSuffix(rest, "]"), "][")
		switch {
		case !deeper:
			for _, v := range values {
				all = append(all, v)
			}
		case rows[top+row] == nil:
			rows[top+row] = map[string]any{member: values[0]}
			all = append(all, rows[top+row])
		default:
			rows[top+row][member] = values[0]
		}
		params[top] = all
	}
	return params
}
