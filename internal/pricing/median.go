package pricing

import (
	"slices"

	"github.com/skinrail/skinrail/internal/money"
)

// median is the middle of the quotes, the mean of the two middle ones rounded
// half up where their number is even: of three and more, one source that is
// wrong moves it no further than to its neighbour.
func median(quotes []money.Amount) money.Amount {
	s := slices.Sorted(slices.Values(quotes))
	low, high := s[(len(s)-1)/2], s[len(s)/2]
	return low + (high-low+1)/2
}

// capped keeps a price within what it may move in a day from the anchor.
func capped(price, anchor money.Amount, most money.Rate) money.Amount {
	if anchor == 0 || most.IsZero() {
		return price
	}
	span, err := anchor.Mul(most)
	if err != nil {
		return price
	}
	return max(1, min(max(price, anchor-span), anchor+span))
}
