package apidoc

import "strings"

// Control is one call of the sandbox's control.
type Control struct {
	Verb, Path string
	Summary    string
	Query      []Query
	Body       string // name of a schema; empty: no body is needed
	Answer     string // name of a schema
	Example    string // of the body
}

// Query is a parameter in a control call's address.
type Query struct{ Name, About string }

// paths with their choices.
var choices = map[string][]string{
	"outcome": {"in_hold", "success", "fail", "expire", "reversed"},
	"answer":  {"accept", "decline", "cancel", "counter"},
}

// Controls lists the sandbox's control. The slice must not be changed.
func Controls() []Control { return controls }

var controls = []Control{
	{Verb: "get", Path: "/sandbox/clock", Summary: "The world's time", Answer: "Clock"},
	{Verb: "post", Path: "/sandbox/clock", Summary: "Advance the world, or set its time; answers when everything that became due is done", Body: "ClockMove",
		Answer: "Clock", Example: `{"advance":"192h"}`},
	{Verb: "post", Path: "/sandbox/deposits/{transaction_id}/{outcome}", Summary: "Play the payer of a deposit to an outcome", Answer: "PlayedDeposit",
		Query: []Query{{"steam_id", "which payer"}, {"max_items", "at most so many items, 1 to 100"}}},
	{Verb: "post", Path: "/sandbox/offers/{tradeofferid}/{answer}", Summary: "The receiver's answer to an offer", Body: "OfferAnswer", Answer: "OfferAnswered"},
	{Verb: "post", Path: "/sandbox/trades/{tradeid}/reverse", Summary: "Take a protected trade back, and all others of that account", Answer: "SteamTrade",
		Query: []Query{{"by", "SteamID64 of who takes it back"}}},
	{Verb: "post", Path: "/sandbox/faults", Summary: "Make Steam lie or fail", Body: "FaultList", Answer: "Faults",
		Example: `{"endpoint":"send","count":1,"when":"after","kind":"drop"}`},
	{Verb: "delete", Path: "/sandbox/faults", Summary: "End all faults", Answer: "Faults"},
	{Verb: "post", Path: "/sandbox/projects", Summary: "Add a project", Body: "NewProject", Answer: "ProjectKeys", Example: `{"name":"Third shop","balance":"100"}`},
	{Verb: "get", Path: "/sandbox/world", Summary: "The world now, as a world file", Answer: "World"},
}

// control is the sandbox's control, and health, as paths of the document.
func control() node {
	paths := node{"/healthz": health("Whether the process is alive"), "/readyz": health("Whether trades are possible")}
	for _, c := range controls {
		item, _ := paths[c.Path].(node)
		if item == nil {
			item = node{}
			paths[c.Path] = item
		}
		item[c.Verb] = c.operation()
	}
	return paths
}

func health(summary string) node {
	text := func(s string) node {
		return node{"description": s, "content": node{"text/plain": node{"schema": node{"type": "string"}}}}
	}
	return node{"get": node{"summary": summary, "tags": []string{"Health"}, "security": []node{},
		"responses": node{"200": text("ok"), "503": text("Why not.")}}}
}

func (c Control) operation() node {
	answer := func(text, schema string) node {
		return node{"description": text, "content": node{"application/json": node{"schema": schemaRef(schema)}}}
	}
	op := node{"summary": c.Summary, "tags": []string{"Sandbox"}, "security": []node{},
		"responses": node{"200": answer("Done.", c.Answer), "4XX": answer("Why not.", "ControlError"), "5XX": answer("What failed.", "ControlError")}}
	if params := c.params(); params != nil {
		op["parameters"] = params
	}
	if c.Body != "" {
		op["requestBody"] = node{"content": node{"application/json": node{"schema": schemaRef(c.Body)}}}
	}
	return op
}

// params are the names in the path, then those of the query.
func (c Control) params() (all []node) {
	for _, step := range strings.Split(c.Path, "/") {
		if name := strings.Trim(step, "{}"); name != step {
			s := node{"type": "string"}
			if choices[name] != nil {
				s["enum"] = choices[name]
			}
			all = append(all, node{"name": name, "in": "path", "required": true, "schema": s})
		}
	}
	for _, q := range c.Query {
		all = append(all, node{"name": q.Name, "in": "query", "schema": node{"type": "string"}, "description": q.About})
	}
	return all
}
