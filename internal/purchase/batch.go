package purchase

import (
	"context"
	"fmt"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fault"
)

// Bought is what became of one order of a batch: a purchase, or why there is
// none, with the codes of [Service.BuyTx].
type Bought struct {
	Purchase Purchase
	Refused  error
}

// BuyMany makes independent purchases in one commit, in the given order: what is
// refused leaves nothing behind and does not stand in the way of the others. An
// error means that nothing was bought. What follows joins the write.
func (s *Service) BuyMany(ctx context.Context, orders []Buy, now time.Time, follow ...Follow[[]Bought]) ([]Bought, error) {
	var all []Bought
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		all = make([]Bought, len(orders))
		for i, b := range orders {
			err := tx.Part(func() (err error) {
				all[i].Purchase, err = s.BuyTx(ctx, tx, b, now)
				return err
			})
			if err != nil && !refusal(err) {
				return err
			}
			all[i].Refused = err
		}
		return after(tx, all, follow)
	})
	if err != nil {
		return nil, fmt.Errorf("buy %d items: %w", len(orders), err)
	}
	return all, nil
}

// refusal tells a purchase that cannot be from a failure of ours.
func refusal(err error) bool {
	switch code, _ := fault.Of(err); code {
	case fault.Duplicate, fault.ItemUnavailable, fault.PriceChanged, fault.InsufficientBalance:
		return true
	}
	return false
}
