package pay

import (
	"errors"
	"net/http"

	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/pay/page"
)

// review shows a choice at the prices of now. Browsers with script show it in
// the page itself and do not come here.
func (d *Door) review(v *visit) error {
	if err := v.open(); err != nil {
		return err
	}
	chosen := v.r.PostForm["item"]
	if len(chosen) == 0 {
		return v.items(http.StatusBadRequest, page.ErrNothing, nil)
	}
	g, q, err := v.inventory()
	if err != nil {
		return v.notReady(err)
	}
	items, all := picked(q, chosen)
	problem, total := v.objection(items, g.app)
	if !all {
		problem = page.ErrGone
	}
	c := v.shown()
	f := v.frame(page.TitleReview, page.StepItems)
	f.Key, f.Limits = v.key(""), v.limitsText(g.app)
	return v.draw(200, page.ReviewPage(page.Review{Frame: f, Quote: q.ID, Game: g.name, Items: v.fixed(items), Total: v.text(total, c),
		Credit: v.credit(total, c), Fixed: seconds(q.Expires.Sub(v.now)), Error: problem}))
}

// picked are the chosen items as a quote has them, and whether all are there.
func picked(q deposit.Quote, chosen []string) (items []deposit.Item, all bool) {
	known := make(map[string]deposit.Item, len(q.Items))
	for _, it := range q.Items {
		if it.Disabled == "" {
			known[it.ID] = it.Item
		}
	}
	all = true
	for _, id := range chosen {
		it, ok := known[id]
		if !ok {
			all = false
			continue
		}
		delete(known, id)
		items = append(items, it)
	}
	return items, all
}

// send fixes the choice and wants the trade. What Steam or the prices have
// against it comes back as the choice with a sentence.
func (d *Door) send(v *visit) error {
	if err := v.open(); err != nil {
		return err
	}
	chosen := v.r.PostForm["item"]
	if len(chosen) == 0 {
		return v.items(http.StatusBadRequest, page.ErrNothing, nil)
	}
	if err := d.mayAsk(v.deposit.Hash); err != nil {
		return v.hinder(err, page.StepItems)
	}
	_, err := d.Deposits.Choose(v.ctx(), v.deposit.Hash, v.r.PostForm.Get("quote"), chosen, v.now)
	switch {
	case err == nil:
		return v.home("")
	case errors.Is(err, fault.PriceChanged):
		return v.items(http.StatusConflict, page.ErrQuoteOver, chosen)
	case errors.Is(err, fault.InvalidRequest):
		return v.refuse(chosen)
	}
	return v.notReady(err)
}

// refuse finds the words for a choice that the room does not take, and shows
// the items again.
func (v *visit) refuse(chosen []string) error {
	g, q, err := v.inventory()
	if err != nil {
		return v.notReady(err)
	}
	items, all := picked(q, chosen)
	problem, _ := v.objection(items, g.app)
	switch {
	case !all:
		problem = page.ErrGone
	case problem == "":
		problem = page.ErrChoice
	}
	return v.items(http.StatusBadRequest, problem, chosen)
}
