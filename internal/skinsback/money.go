package skinsback

import (
	"time"

	"github.com/skinrail/skinrail/internal/cash"
)

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
	s, err := spanOf(c)
	if err != nil {
		return nil, err
	}
	page, err := d.deps.Cash.History(c.ctx, c.project.ID, moment(s.from), moment(s.to).Add(time.Second), s.start, pageSize)
	if err != nil {
		return nil, err
	}
	next := s.start
	if n := len(page.Bookings); n > 0 {
		next = page.Bookings[n-1].Seq
	}
	a := success()
	a.integer("total_count", page.Total)
	a.page(page.More, next)
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

func moment(seconds int64) time.Time { return time.Unix(min(seconds, lastSecond), 0) }
