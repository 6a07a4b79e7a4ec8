package skinsback

import (
	"net/http"
	"strconv"
	"strings"
)

// What a caller whose call was not let in has to look at. A hint shows only what
// that caller sent and what the documents say.

// unknownHint is for an id that no project has.
func unknownHint(r *http.Request, f fields) string {
	switch {
	case r.Header[headerID] != nil:
		return "no project has this X-CLIENT-ID"
	case f.get("shopid").kind == absent:
		return "send X-CLIENT-ID and X-CLIENT-SECRET, or shopid and sign"
	}
	return "no project has this shopid"
}

// unprovenHint is for a secret or a signature that is not the project's.
func unprovenHint(how way, r *http.Request, f fields) string {
	switch {
	case how == byStrong:
		return headerSignature + " must be the lower-case hex HMAC-SHA256 with the client secret over " +
			strconv.Quote(strongText(r.Header.Get(headerTime), r.Header.Get(headerNonce), r.Method, r.URL.EscapedPath(), "")) + " and the body"
	case how == byHeader && r.Header[headerSecret] == nil:
		return "X-CLIENT-SECRET is missing"
	case how == byHeader:
		return "X-CLIENT-SECRET is not the secret of this project"
	case f.get("sign").kind == absent:
		return "sign is missing"
	}
	texts := f.signedTexts()
	hint := "sign must be the lower-case hex HMAC-SHA1 with the client secret over " + texts[0]
	if len(texts) > 1 {
		hint += " (or with numbers, booleans and null as PHP prints them)"
	}
	return hint
}

// methodHint is for a method that there is not.
func methodHint(f fields) string {
	name := f.get("method")
	switch {
	case name.kind == absent:
		return "method is missing"
	case name.kind != text || strings.TrimSpace(name.str) == "":
		return "method: the name of a method"
	}
	return "there is no method " + name.str + "; /docs/ names all"
}
