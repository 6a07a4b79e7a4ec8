// Package apidoc is the reference of the merchant API, of the notifications and
// of the sandbox control: one OpenAPI 3.1 document, served as it is and as a
// page for people.
//
// methods.json and schemas.json are its source; standard.go holds what is the
// same everywhere. The document is assembled from them when it is asked for
// first, so there is nothing that could be out of date. Tests check every
// request and answer that crosses the wire against it (apidoctest).
package apidoc
