package skinsback

import (
	"strconv"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/cash"
)

// moneyPage is how many bookings one answer lists.
const moneyPage = 1000

// moneyStatus is a booking in the words that deposits have too.
var moneyStatus = map[cash.State]string{
	cash.Proposed: statusPending,
	cash.Booked:   statusSuccess,
	cash.Rejected: statusFail,
}

var moneyType = map[cash.Direction]string{cash.In: "deposit", cash.Out: "withdraw"}

// moneyHistory lists what the merchant has paid in and was paid out, newest
// first. start_from is the number of the last row that the caller has.
func (d *Door) moneyHistory(c *call) ([]byte, error) {
	from, ok1 := moneyTime(c.get("starting"))
	to, ok2 := moneyTime(c.get("ending"))
	if !ok1 || !ok2 {
		return nil, moneyMissingTime
	}
	last := moneyRow(c.get("start_from"))
	page, err := d.deps.Cash.History(c.ctx, c.project.ID, from, to.Add(time.Second), last, moneyPage)
	if err != nil {
		return nil, err
	}
	if n := len(page.Bookings); n > 0 {
		last = page.Bookings[n-1].Seq
	}
	a := success()
	a.integer("total_count", page.Total)
	a.boolean("has_more", page.More)
	a.integer("start_from", last)
	a.begin("items", '[')
	for _, b := range page.Bookings {
		a.booking(b)
	}
	a.end(']')
	return a.done(), nil
}

func (a *answer) booking(b cash.Booking) {
	a.next()
	a.open()
	a.id("id", b.ID)
	a.text("type", moneyType[b.Direction])
	a.numstr("amount", b.Amount)
	a.text("currency", usd)
	a.text("status", moneyStatus[b.State])
	a.integer("date", b.CreatedAt.Unix())
	a.close()
}

// lastSecond ends the year 9999; later times mean the same.
const lastSecond = 253402300799

// moneyTime reads Unix seconds.
func moneyTime(v value) (time.Time, bool) {
	s, ok := decimal(v)
	if !ok || strings.Contains(s, ".") {
		return time.Time{}, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	switch {
	case strings.HasPrefix(s, "-"):
		n = 0
	case err != nil:
		n = lastSecond
	}
	return time.Unix(min(n, lastSecond), 0), true
}

// moneyRow reads a row's number; what is none begins at the top.
func moneyRow(v value) int64 {
	const most = 1 << 53
	n, ok := positive(v)
	if !ok || n >= most {
		return 0
	}
	return n
}
