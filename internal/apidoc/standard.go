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
