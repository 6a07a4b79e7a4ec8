package purchase

import (
	"context"
	"fmt"

	"github.com/skinrail/skinrail/internal/purchase/sqlc"
)

// Page is some of a project's purchases, newest first.
type Page struct {
	Purchases []Purchase
	Total     int64 // in the whole window
	Next      int64 // the number below which the next page starts
	More      bool
}

// List returns up to most purchases that a project made from the second from to
// the second to, those numbered below start; 0 starts at the newest.
func (s *Service) List(ctx context.Context, project, from, to, start, most int64) (Page, error) {
	w, err := numbers.Window(ctx, s.DB.Read(), project, from, to)
	if err != nil {
		return Page{}, err
	}
	page := w.Below(start).Page(most)
	p := Page{Total: w.Total()}
	if page.Total() == 0 {
		return p, nil
	}
	p.Next, p.More = page.First, page.First > w.First
	rows, err := sqlc.New(s.DB.Read()).Numbered(ctx, sqlc.NumberedParams{ProjectID: project, First: page.First, Last: page.Last})
	if err != nil {
		return Page{}, fmt.Errorf("list purchases: %w", err)
	}
	for _, r := range rows {
		next, err := one(r, nil)
		if err != nil {
			return Page{}, err
		}
		p.Purchases = append(p.Purchases, next)
	}
	return p, nil
}
