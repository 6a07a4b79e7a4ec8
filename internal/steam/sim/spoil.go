package sim

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/skinrail/skinrail/internal/steam"
)

// refusedWith is the endpoint's refusal in a sentence of its own.
func (q *call) refusedWith(text string) reply {
	switch q.route.surface {
	case surfaceAuth:
		p := protobuf(steam.ResultFail, nil)
		p.set("X-Error_message", text)
		return p
	case surfaceAPI:
		p := apiFailure(steam.ResultFail)
		p.set("X-Error_message", text)
		return p
	case surfaceMobile:
		return document(map[string]any{"success": false, "message": text})
	case surfaceInventory:
		return reply{status: http.StatusInternalServerError, json: map[string]string{"error": text}}
	case surfaceTrade:
		return tradeError(text)
	}
	return refusedPage(text)
}

// spoil changes a JSON answer as the fault says; other answers stay.
func (f *Fault) spoil(raw []byte) []byte {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return raw
	}
	if f.Kind == "hollow" {
		hollow(v)
	} else {
		v = otherTypes(v)
	}
	out, err := json.Marshal(v)
	if err != nil {
		return raw // unreachable: it was JSON
	}
	return out
}

// hollow takes partner and items out of the offers and trades in the answer.
func hollow(v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range []string{"accountid_other", "steamid_other", "items_to_give", "items_to_receive", "assets_given", "assets_received"} {
			delete(v, key)
		}
		for _, one := range v {
			hollow(one)
		}
	case []any:
		for _, one := range v {
			hollow(one)
		}
	}
}

// otherTypes gives each number and truth value its other form. Numbers beyond
// 53 bits stay text: nobody could read them otherwise.
func otherTypes(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, one := range v {
			v[key] = otherTypes(one)
		}
	case []any:
		for i, one := range v {
			v[i] = otherTypes(one)
		}
	case json.Number:
		return v.String()
	case bool:
		return bit(v)
	case string:
		if n, err := strconv.ParseInt(v, 10, 64); err == nil && n >= 0 && n < 1<<53 && strconv.FormatInt(n, 10) == v {
			return json.Number(v)
		}
	}
	return v
}
