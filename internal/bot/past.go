package bot

import (
	"context"
	"fmt"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
)

// past is the history since a moment, as far as a look has read it: over as many
// steps as it needs, each of which reads [historyPages].
type past struct {
	from   time.Time
	trades []steam.Trade
	at     map[steam.TradeID]int
	rest   steam.Trade // the next step goes on after it; zero: nothing is left
}

// take keeps a page, what is known as it is now. It reports whether there was
// something new in it, and something from before the moment.
func (p *past) take(page []steam.Trade) (news, old bool) {
	for _, r := range page {
		if r.Init.Before(p.from) {
			old = true
			continue
		}
		i, known := p.at[r.ID]
		if !known {
			i, news = len(p.trades), true
			p.at[r.ID], p.trades = i, append(p.trades, r)
		}
		p.trades[i] = r
	}
	return news, old
}

// readPast goes on reading the history back to a moment, and reports whether it
// is there. Then what has come since the first step is read as well.
func (a *Agent) readPast(ctx context.Context, from time.Time) (whole bool, err error) {
	if a.past == nil || a.past.rest.ID == "" {
		a.past = &past{from: from, at: map[steam.TradeID]int{}}
	}
	p, pages := a.past, 0
	long, rest := p.rest.ID != "", steam.Trade{}
	err = a.client.History(ctx, p.rest, func(page []steam.Trade) bool {
		_, old := p.take(page)
		if pages++; pages == historyPages && !old {
			rest = page[len(page)-1]
		}
		return !old && pages < historyPages
	})
	if err == nil {
		p.rest = rest
	}
	if err == nil && long && rest.ID == "" {
		err = a.client.History(ctx, steam.Trade{}, func(page []steam.Trade) bool {
			news, _ := p.take(page)
			return news
		})
	}
	if err != nil {
		return false, fmt.Errorf("read trade history: %w", err)
	}
	return p.rest.ID == "", nil
}
