package deposit

import (
	"context"
	"fmt"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/deposit/sqlc"
)

// Page is some of a project's deposits, newest first.
type Page struct {
	Deposits []Deposit
	Total    int64 // in the whole window
	Next     int64 // the number below which the next page starts
	More     bool
}

// List returns up to most deposits that a project opened from the second from
// to the second to, those numbered below start; 0 starts at the newest.
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
	p.Deposits, err = s.numbered(ctx, project, page)
	return p, err
}

// numbered reads deposits with their items in two queries, however many.
func (s *Service) numbered(ctx context.Context, project int64, w db.Window) ([]Deposit, error) {
	q := sqlc.New(s.DB.Read())
	rows, err := q.Numbered(ctx, sqlc.NumberedParams{ProjectID: project, First: w.First, Last: w.Last})
	if err != nil {
		return nil, fmt.Errorf("list deposits: %w", err)
	}
	items, err := q.NumberedItems(ctx, sqlc.NumberedItemsParams{ProjectID: project, First: w.First, Last: w.Last})
	if err != nil {
		return nil, fmt.Errorf("list deposits: %w", err)
	}
	all := make([]Deposit, 0, len(rows))
	for _, r := range rows {
		d, err := fromRow(r)
		if err != nil {
			return nil, err
		}
		for len(items) > 0 && items[0].DepositID == d.ID {
			d.Items = append(d.Items, itemOf(items[0]))
			items = items[1:]
		}
		all = append(all, d)
	}
	return all, nil
}
