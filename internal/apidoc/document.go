package apidoc

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
)

// node is a piece of the document.
type node = map[string]any

// Document returns the OpenAPI 3.1 document as JSON. It must not be changed.
var Document = sync.OnceValue(func() []byte {
	paths := node{}
	for _, m := range Methods() {
		paths["/api.php/"+m.Name] = node{"post": m.operation(m.Name)}
		if m.Alias != "" {
			paths["/api.php/"+m.Alias] = node{"post": m.operation(m.Alias)}
		}
	}
	for path, item := range control() {
		paths[path] = item
	}
	components := node{}
	for name, s := range schemas() {
		components[name] = s
	}
	components["Error"] = errorSchema(nil)
	doc, err := json.MarshalIndent(node{
		"openapi": "3.1.0",
		"info": node{"title": "Skinrail", "version": "1",
			"description": about, "license": node{"name": "Apache-2.0", "identifier": "Apache-2.0"}},
		"servers":    []node{{"url": "/"}},
		"paths":      paths,
		"webhooks":   notifications(),
		"components": node{"schemas": components, "securitySchemes": schemes()},
		"security":   []node{{"clientID": []string{}, "clientSecret": []string{}}, {"legacy": []string{}}, {"clientID": []string{}, "signature": []string{}}},
	}, "", " ")
	if err != nil {
		panic(fmt.Sprintf("apidoc: %v", err)) // unreachable: maps and text
	}
	return doc
})

const about = "The merchant API is compatible with the SkinsBack API. Every call is a POST to /api.php or any path below it; the parameter " +
	"method names what is called, and every answer is HTTP 200. Bodies are JSON, urlencoded or multipart forms with PHP's brackets."

func schemes() node {
	header := func(name, text string) node {
		return node{"type": "apiKey", "in": "header", "name": name, "description": text}
	}
	return node{
		"clientID":     header("X-CLIENT-ID", "the client id"),
		"clientSecret": header("X-CLIENT-SECRET", "the client secret"),
		"legacy": header("sign", "Not a header: the parameters shopid and sign in the body. sign is the lower-case hex HMAC-SHA1 with the client "+
			"secret over key:value; for each scalar parameter but sign, sorted by key."),
		"signature": header("X-Skinrail-Signature", "Lower-case hex HMAC-SHA256 with the client secret over X-Skinrail-Timestamp, X-Skinrail-Nonce, the "+
			"HTTP method, the path and the body, with line feeds between. The timestamp is Unix seconds, at most five minutes off; a nonce "+
			"of 16 to 64 letters, digits, - or _ is good once."),
	}
}

func schemaRef(name string) node { return node{"$ref": "#/components/schemas/" + name} }

// operation is a method as a path of its own, under its name or its alias.
func (m Method) operation(name string) node {
	op := node{
		"operationId": name, "summary": m.Summary, "tags": []string{m.Group}, "requestBody": m.body(name),
		"responses": node{"200": node{"description": "The answer, or an error with status \"error\".", "headers": answerHeaders(m),
			"content": node{"application/json": node{"schema": node{"anyOf": []any{schemaRef(m.Answer), errorSchema(m.AllErrors())}},
				"examples": node{"success": node{"value": m.Response}}}}}},
	}
	if m.Detail != "" {
		op["description"] = m.Detail
	}
	if m.Idempotent {
		op["parameters"] = []node{{"name": "Idempotency-Key", "in": "header", "schema": node{"type": "string", "minLength": 1, "maxLength": 255},
			"description": "Repeated with the same content, the call answers the same again and has no second effect. Kept for two days."}}
	}
	return op
}

func answerHeaders(m Method) node {
	text := node{"type": "string"}
	h := node{"X-Request-Id": node{"schema": text, "description": "names the request in the gateway's log"}}
	if m.Idempotent {
		h["Idempotent-Replayed"] = node{"schema": node{"const": "true"}, "description": "on an answer that is repeated"}
	}
	return h
}

func (m Method) body(name string) node {
	props, required := node{"method": node{"const": name}}, []string{"method"}
	for _, p := range m.Params {
		// null and empty text count as not sent.
		props[p.Name] = node{"anyOf": []node{schemaRef(p.Schema), {"enum": []any{nil, ""}}}, "description": p.About}
		if p.Required {
			required = append(required, p.Name)
		}
	}
	props["shopid"] = node{"type": []string{"string", "integer"}, "description": "client id, with sign"}
	props["sign"] = node{"type": "string", "description": "40 lower-case hex digits"}
	s := node{"type": "object", "properties": props, "required": required}
	return node{"required": true, "content": node{"application/json": node{"schema": s, "example": m.example(name)},
		"application/x-www-form-urlencoded": node{"schema": s}, "multipart/form-data": node{"schema": s}}}
}

// example is a whole request.
func (m Method) example(name string) json.RawMessage {
	rest := strings.TrimPrefix(string(m.Request), "{")
	if rest != "}" {
		rest = ", " + rest
	}
	return json.RawMessage(`{"method": "` + name + `"` + rest)
}

// AllErrors returns every error that the method may answer with, the standard
// ones first.
func (m Method) AllErrors() []Error {
	var all []Error
	for _, e := range Standard {
		if e.Code == -6 && !m.Market || e.Code <= -10 && !m.Idempotent {
			continue
		}
		all = append(all, e)
	}
	return append(all, m.Errors...)
}

// errorSchema is the error envelope with exactly these pairs; any when there
// are none.
func errorSchema(errors []Error) node {
	s := node{"type": "object", "required": []string{"status", "error_code", "error_message"}, "additionalProperties": false,
		"properties": node{"status": node{"const": "error"}, "error_code": node{"type": "integer"}, "error_message": node{"type": "string"},
			"error_detail": node{"type": "string", "description": "a hint for people"}}}
	var pairs []node
	for _, e := range errors {
		pairs = append(pairs, node{"properties": node{"error_code": node{"const": e.Code}, "error_message": node{"const": e.Name}}})
	}
	if pairs != nil {
		s["oneOf"] = pairs
	}
	return s
}
