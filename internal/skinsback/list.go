package skinsback

import (
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"

	"github.com/skinrail/skinrail/internal/purchase"
	"github.com/skinrail/skinrail/internal/webhook"
)

// pageSize is how many rows a list answers at once.
const pageSize = 1000

// maxStart is the largest number that every client can hold.
const maxStart = 1<<53 - 1

var (
	listMissingTimes = refusal{code: 1, name: "missing_starting_or_ending"}

	listParams = []param{
		{"starting", listMissingTimes},
		{"ending", listMissingTimes},
		{"start_from", refusal{}},
	}
	startParams = []param{{"start_from", refusal{}}}
)

// span is which rows of a list are asked for.
type span struct{ from, to, start int64 }

// spanOf reads the window in seconds, both ends included, and where the page
// starts; a start that is none counts as 0.
func spanOf(c *call) (s span, err error) {
	from, okFrom := unixTime(c.get("starting"))
	to, okTo := unixTime(c.get("ending"))
	if !okFrom || !okTo {
		return span{}, listMissingTimes.because("starting and ending: seconds since 1970")
	}
	return span{from, to, startOf(c)}, nil
}

func startOf(c *call) int64 {
	if n, ok := positive(c.get("start_from")); ok && n <= maxStart {
		return n
	}
	return 0
}

// unixTime reads seconds since 1970. A fraction is cut off: JavaScript divides
// its milliseconds. What is later than anything stored is the end of time.
func unixTime(v value) (int64, bool) {
	s, ok := unsigned(v)
	if !ok || !v.given() {
		return 0, false
	}
	whole, _, _ := strings.Cut(s, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return math.MaxInt64, true
	}
	return n, true
}

// page begins a list: how many there are, whether more follow, and the number
// with which to ask for them.
func (a *answer) page(more bool, next int64) {
	a.boolean("has_more", more)
	a.integer("start_from", next)
	a.begin("items", '[')
}

// orders lists the project's deposits, newest first.
func (d *Door) orders(c *call) ([]byte, error) {
	s, err := spanOf(c)
	if err != nil {
		return nil, err
	}
	p, err := d.deps.Deposits.List(c.ctx, c.project.ID, s.from, s.to, s.start, pageSize)
	if err != nil {
		return nil, err
	}
	a := success()
	a.integer("total_count", p.Total)
	a.page(p.More, p.Next)
	for _, dep := range p.Deposits {
		ms, err := d.depositMembers(c.project, dep)
		if err != nil {
			return nil, err
		}
		a.next()
		a.open()
		a.members(ms)
		a.close()
	}
	a.end(']')
	return a.done(), nil
}

// marketHistory lists the project's purchases, newest first. The total is text,
// as the typed clients expect.
func (d *Door) marketHistory(c *call) ([]byte, error) {
	s, err := spanOf(c)
	if err != nil {
		return nil, err
	}
	p, err := d.deps.Purchases.List(c.ctx, c.project.ID, s.from, s.to, s.start, pageSize)
	if err != nil {
		return nil, err
	}
	a := success()
	a.id("total_count", p.Total)
	a.page(p.More, p.Next)
	a.purchases(c, p.Purchases)
	return a.done(), nil
}

// purchases writes stored purchases into the open list and ends it.
func (a *answer) purchases(c *call, all []purchase.Purchase) {
	for _, p := range all {
		a.next()
		a.open()
		a.purchase(c.project, p.Changed())
		a.close()
	}
	a.end(']')
}

// callbackErrorList lists the deposit notifications that failed and are still
// not delivered, newest first.
func (d *Door) callbackErrorList(c *call) ([]byte, error) {
	failed, total, err := d.deps.Webhooks.Undelivered(c.ctx, c.project.ID, webhook.Result, startOf(c), pageSize+1)
	if err != nil {
		return nil, err
	}
	more := len(failed) > pageSize
	failed = failed[:min(len(failed), pageSize)]
	var next int64
	if len(failed) > 0 {
		next = failed[len(failed)-1].ID
	}
	a := success()
	a.integer("total_count", total)
	a.page(more, next)
	for _, f := range failed {
		id, order, err := toldOf(f)
		if err != nil {
			return nil, err
		}
		a.next()
		a.open()
		a.integer("transaction_id", id)
		a.text("order_id", order)
		a.id("http_code", int64(f.LastCode))
		a.close()
	}
	a.end(']')
	return a.done(), nil
}

// toldOf is the deposit that a notification was about, as its body says.
func toldOf(d webhook.Delivery) (id int64, order string, err error) {
	if _, err = fmt.Sscanf(d.Subject, "deposit/%d", &id); err != nil {
		return 0, "", fmt.Errorf("delivery %d is about %q: %w", d.ID, d.Subject, err)
	}
	if d.ContentType == formType {
		form, err := url.ParseQuery(string(d.Body))
		return id, form.Get("order_id"), err
	}
	var told struct {
		OrderID string `json:"order_id"`
	}
	err = json.Unmarshal(d.Body, &told)
	return id, told.OrderID, err
}
