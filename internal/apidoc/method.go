package apidoc

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"sync"
)

// Method is one method of the merchant API.
type Method struct {
	Name       string          `json:"name"`
	Alias      string          `json:"alias"`
	Group      string          `json:"group"`
	Summary    string          `json:"summary"`
	Detail     string          `json:"detail"`
	Market     bool            `json:"market"`     // refused while the project may not buy
	Idempotent bool            `json:"idempotent"` // takes an Idempotency-Key
	Params     []Param         `json:"params"`
	Answer     string          `json:"answer"` // name of a schema
	Errors     []Error         `json:"errors"`
	Request    json.RawMessage `json:"request"` // example, without method
	Response   json.RawMessage `json:"response"`
}

// Param is a parameter that a method reads. Schema is the name of one.
type Param struct {
	Name     string `json:"name"`
	Required bool   `json:"required"`
	Schema   string `json:"schema"`
	About    string `json:"about"`
}

// Error is a number with its name. Positive ones mean something only within
// their method.
type Error struct {
	Code int    `json:"code"`
	Name string `json:"name"`
	When string `json:"when,omitempty"`
}

//go:embed methods.json
var methodsSource []byte

//go:embed schemas.json
var schemasSource []byte

// Methods returns all methods in the order of the reference. The slice must not
// be changed.
var Methods = sync.OnceValue(func() []Method {
	var all []Method
	if err := json.Unmarshal(methodsSource, &all); err != nil {
		panic(fmt.Sprintf("apidoc: methods.json: %v", err)) // unreachable: a test reads it
	}
	return all
})

func schemas() map[string]json.RawMessage {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(schemasSource, &all); err != nil {
		panic(fmt.Sprintf("apidoc: schemas.json: %v", err)) // unreachable: a test reads it
	}
	return all
}

// Standard are the errors of every method, in the order in which they are
// checked, before those of the method. The last two are of calls with an
// Idempotency-Key.
var Standard = []Error{
	{-1, "please_use_post_method", "the HTTP method is not POST"},
	{-9, "under_maintenance", "maintenance, or our own failure: then with a request id"},
	{-2, "invalid_shopid", "no such client id"},
	{-3, "invalid_signature", "the signature or the secret is wrong, or not what the project accepts"},
	{-8, "invalid_ip_address", "the address is not on the project's list"},
	{-7, "request_limit_reached", "too many calls in this minute, or too many wrong signatures"},
	{-4, "shop_not_active", "the project is switched off"},
	{-5, "invalid_method", "no such method, or a body that cannot be read"},
	{-6, "market_disabled", "the project may not buy; market methods only"},
	{-11, "invalid_idempotency_key", "Idempotency-Key is not 1 to 255 visible ASCII characters"},
	{-10, "idempotency_key_mismatch", "the key was used for another call; nothing happened"},
}
