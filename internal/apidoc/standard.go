package apidoc

// notifications are what the gateway sends.
func notifications() node {
	answer := node{"200": node{"description": "Any 2xx means that it was taken; the body is not read."}}
	text := node{"type": "string"}
	headers := func(more ...string) (all []node) {
		for _, name := range append([]string{"X-SIGN", "webhook-id", "webhook-timestamp", "webhook-signature"}, more...) {
			all = append(all, node{"name": name, "in": "header", "required": true, "schema": text})
		}
		return all
	}
	send := func(summary, schema string, types []string, headers []node) node {
		content := node{}
		for _, t := range types {
			content[t] = node{"schema": schemaRef(schema)}
		}
		return node{"post": node{"summary": summary, "parameters": headers, "requestBody": node{"content": content}, "responses": answer}}
	}
	return node{
		"deposit": send("To the Result URL, once for each status. sign is over all scalar fields but sign.", "DepositNotification",
			[]string{"application/json", "application/x-www-form-urlencoded"}, headers()),
		"event": send("To the Events URL. Signature is the hex HMAC-SHA256 of the body.", "Event", []string{"application/json"}, headers("Signature")),
	}
}

// control is the sandbox's control, and health.
func control() node {
	plain := func(text string) node {
		return node{"description": text, "content": node{"text/plain": node{"schema": node{"type": "string"}}}}
	}
	answer := func(text, schema string) node {
		return node{"description": text, "content": node{"application/json": node{"schema": schemaRef(schema)}}}
	}
	path := func(name string, values ...string) node {
		s := node{"type": "string"}
		if len(values) > 0 {
			s["enum"] = values
		}
		return node{"name": name, "in": "path", "required": true, "schema": s}
	}
	query := func(name, text string) node {
		return node{"name": name, "in": "query", "schema": node{"type": "string"}, "description": text}
	}
	any200 := node{"description": "Done.", "content": node{"application/json": node{"schema": node{}}}}
	failed := answer("Why not.", "ControlError")
	op := func(summary string, ok node, params ...node) node {
		o := node{"summary": summary, "tags": []string{"Sandbox"}, "responses": node{"200": ok, "4XX": failed}, "security": []node{}}
		if len(params) > 0 {
			o["parameters"] = params
		}
		return o
	}
	body := func(o node, schema node) node {
		o["requestBody"] = node{"content": node{"application/json": node{"schema": schema}}}
		return o
	}
	health := func(summary string) node {
		return node{"get": node{"summary": summary, "tags": []string{"Health"}, "security": []node{},
			"responses": node{"200": plain("ok"), "503": plain("Why not.")}}}
	}
	free := node{"type": "object"}
	return node{
		"/healthz": health("Whether the process is alive"),
		"/readyz":  health("Whether trades are possible"),
		"/sandbox/clock": node{"get": op("The world's time", answer("Now.", "Clock")),
			"post": body(op("Advance the world, or set its time", answer("Now.", "Clock")), node{"type": "object", "additionalProperties": false,
				"properties": node{"advance": node{"type": "string", "example": "192h"}, "set": node{"type": "string", "format": "date-time"}}})},
		"/sandbox/deposits/{transaction_id}/{outcome}": node{"post": op("Play the payer of a deposit to an outcome", answer("The deposit.", "PlayedDeposit"),
			path("transaction_id"), path("outcome", "in_hold", "success", "fail", "expire", "reversed"),
			query("steam_id", "which payer"), query("max_items", "at most so many items"))},
		"/sandbox/offers/{tradeofferid}/{answer}": node{"post": op("The receiver's answer to an offer", any200, path("tradeofferid"),
			path("answer", "accept", "decline", "cancel", "counter"))},
		"/sandbox/trades/{tradeid}/reverse": node{"post": op("Reverse a protected trade", any200, path("tradeid"), query("by", "SteamID64 of who reverses"))},
		"/sandbox/faults":                   node{"post": body(op("Make Steam lie or fail", any200), free), "delete": op("End all faults", any200)},
		"/sandbox/projects":                 node{"post": body(op("Add a project", any200), free)},
		"/sandbox/world":                    node{"get": op("The world now, as a world file", any200)},
	}
}
