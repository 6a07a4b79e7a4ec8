package sim

import (
	"bytes"
	"encoding/json"
	"html/template"
	"net/http"
	"strconv"

	"github.com/skinrail/skinrail/internal/steam"
)

// reply is an answer before it is written. Handlers build it under the lock
// from values that do not change; its encoding happens outside.
type reply struct {
	status  int
	eresult steam.Result // x-eresult, when not 0
	header  http.Header
	ctype   string
	raw     []byte
	json    any
	page    *template.Template
	data    any
	drop    bool // close the connection without an answer
}

func (p *reply) set(key, value string) {
	if p.header == nil {
		p.header = http.Header{}
	}
	p.header.Add(key, value)
}

// document is a JSON answer of the community or login site.
func document(v any) reply { return reply{status: http.StatusOK, json: v} }

// null is how the community refuses: a status and JSON null.
func null(status int) reply {
	return reply{status: status, ctype: typeJSON, raw: []byte("null")}
}

// api is a Web API answer.
func api(v any) reply {
	return reply{status: http.StatusOK, eresult: steam.ResultOK, json: map[string]any{"response": v}}
}

// apiFailure is how the Web API refuses: an x-eresult and nothing else.
func apiFailure(r steam.Result) reply {
	return reply{status: http.StatusOK, eresult: r, json: map[string]any{"response": struct{}{}}}
}

// apiDenied is the Web API without a good token.
func apiDenied() reply {
	return reply{status: http.StatusUnauthorized, ctype: typeHTML, raw: []byte(
		"<html><head><title>Unauthorized</title></head><body><h1>Unauthorized</h1>Access is denied. " +
			"Retrying will not help. Please verify your <pre>key=</pre> parameter.</body></html>")}
}

type wireMessage interface{ Marshal() []byte }

// protobuf is an answer of IAuthenticationService; failures are empty.
func protobuf(r steam.Result, m wireMessage) reply {
	p := reply{status: http.StatusOK, eresult: r, ctype: "application/octet-stream"}
	if m != nil {
		p.raw = m.Marshal()
	}
	return p
}

// tradeError is the community's refusal of an offer action.
func tradeError(text string) reply {
	return reply{status: http.StatusInternalServerError, json: map[string]string{"strError": text}}
}

func redirect(to string) reply {
	p := reply{status: http.StatusFound}
	p.set("Location", to)
	return p
}

func page(t *template.Template, data any) reply {
	return reply{status: http.StatusOK, page: t, data: data}
}

const (
	typeJSON = "application/json; charset=utf-8"
	typeHTML = "text/html; charset=UTF-8"
)

// render encodes the body.
func (p *reply) render() error {
	var b bytes.Buffer
	switch {
	case p.page != nil:
		p.ctype = typeHTML
		if err := p.page.Execute(&b, p.data); err != nil {
			return err
		}
	case p.json != nil:
		p.ctype = typeJSON
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(p.json); err != nil {
			return err
		}
	default:
		return nil
	}
	// No line break at the end: clients take the text of some answers as it is.
	p.raw = bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	return nil
}

func (p *reply) write(w http.ResponseWriter) {
	h := w.Header()
	for k, v := range p.header {
		h[k] = v
	}
	if p.ctype != "" {
		h.Set("Content-Type", p.ctype)
	}
	if p.eresult != 0 {
		h.Set("X-Eresult", strconv.Itoa(int(p.eresult)))
	}
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(p.status)
	_, _ = w.Write(p.raw) // the peer may be gone; there is nobody to tell
}
