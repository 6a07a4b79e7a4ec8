// Package apidoctest checks what crosses the wire against the reference.
package apidoctest

import (
	"bytes"
	"fmt"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/skinrail/skinrail/internal/apidoc"
)

// Valid reports what is wrong with the document itself, as OpenAPI 3.1.
func Valid() error {
	doc, err := openapi3.NewLoader().LoadFromData(apidoc.Document())
	if err != nil {
		return err
	}
	return doc.Validate(openapi3.NewLoader().Context)
}

// Answer checks a method's answer: success or one of its errors.
func Answer(method string, body []byte) error {
	return check("/paths/"+escape("/api.php/"+method)+"/post/responses/200/content/application~1json/schema", body)
}

// Request checks a JSON body that a method took.
func Request(method string, body []byte) error {
	return check("/paths/"+escape("/api.php/"+method)+"/post/requestBody/content/application~1json/schema", body)
}

// Component checks a body by a schema's name.
func Component(name string, body []byte) error {
	return check("/components/schemas/"+escape(name), body)
}

func escape(name string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(name) }

const address = "https://skinrail.invalid/openapi.json"

// schemas are those of the document, each read once.
var schemas = struct {
	sync.Mutex
	compiler *jsonschema.Compiler
	byPlace  map[string]*jsonschema.Schema
}{byPlace: map[string]*jsonschema.Schema{}}

// schema is what stands at a place of the document.
func schema(place string) (*jsonschema.Schema, error) {
	schemas.Lock()
	defer schemas.Unlock()
	if schemas.compiler == nil {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(apidoc.Document()))
		if err != nil {
			return nil, err
		}
		c := jsonschema.NewCompiler()
		c.DefaultDraft(jsonschema.Draft2020)
		c.AssertFormat()
		if err := c.AddResource(address, doc); err != nil {
			return nil, err
		}
		schemas.compiler = c
	}
	if s := schemas.byPlace[place]; s != nil {
		return s, nil
	}
	s, err := schemas.compiler.Compile(address + "#" + place)
	if err != nil {
		return nil, fmt.Errorf("the reference has nothing at %s: %w", place, err)
	}
	schemas.byPlace[place] = s
	return s, nil
}

func check(place string, body []byte) error {
	s, err := schema(place)
	if err != nil {
		return err
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	return s.Validate(v)
}
