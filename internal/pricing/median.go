package pricing

import (
	"slices"

	"github.com/skinrail/skinrail/internal/money"
)

// trimmedFrom is how many quotes there must be for the lowest and the highest
// to be left out.
const trimmedFrom = 5

// median is the middle of the quotes, the mean of the two middle ones rounded
// half up where their number is even. Of five and more the lowest and the
// highest are left out first: one source that is wrong moves nothing.
func median(quotes []money.Amount) money.Amount {
	s := slices.Sorted(slices.Values(quotes))
	if len(s) >= trimmedFrom {
		s = s[1 : len(s)-1]
	}
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
