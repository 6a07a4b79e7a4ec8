// Package apidoctest checks what crosses the wire against the reference.
package apidoctest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/skinrail/skinrail/internal/apidoc"
)

// document is the reference, read and checked as OpenAPI 3.1.
var document = sync.OnceValues(func() (*openapi3.T, error) {
	doc, err := openapi3.NewLoader().LoadFromData(apidoc.Document())
	if err != nil {
		return nil, err
	}
	return doc, doc.Validate(openapi3.NewLoader().Context)
})

// Valid reports what is wrong with the document itself.
func Valid() error {
	_, err := document()
	return err
}

// Answer checks a method's answer: success or one of its errors.
func Answer(method string, body []byte) error {
	op, err := operation(method)
	if err != nil {
		return err
	}
	return check(op.Responses.Value("200").Value.Content.Get("application/json").Schema, body)
}

// Request checks a JSON body that a method took.
func Request(method string, body []byte) error {
	op, err := operation(method)
	if err != nil {
		return err
	}
	return check(op.RequestBody.Value.Content.Get("application/json").Schema, body)
}

// Component checks a body by a schema's name.
func Component(name string, body []byte) error {
	doc, err := document()
	if err != nil {
		return err
	}
	s := doc.Components.Schemas[name]
	if s == nil {
		return fmt.Errorf("no schema %q", name)
	}
	return check(s, body)
}

func operation(method string) (*openapi3.Operation, error) {
	doc, err := document()
	if err != nil {
		return nil, err
	}
	item := doc.Paths.Value("/api.php/" + method)
	if item == nil {
		return nil, fmt.Errorf("method %q is not in the reference", method)
	}
	return item.Post, nil
}

func check(s *openapi3.SchemaRef, body []byte) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return err
	}
	return s.Value.VisitJSON(v, openapi3.EnableJSONSchema2020())
}
