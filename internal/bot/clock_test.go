package bot

import (
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/trade"
)

// TestOffersMadeByAClockThatWasAheadAreLookedFor: Steam lists ended offers since a
// time, and one that was accepted meanwhile must be among them.
func TestOffersMadeByAClockThatWasAheadAreLookedFor(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 4, 3, 5, 0, 0, 0, time.UTC)
	made := func(at time.Time, s trade.State) trade.Trade { return trade.Trade{CreatedAt: at, State: s} }
	early, ahead := now.Add(-time.Hour), now.AddDate(1, 0, 0)
	for _, c := range []struct {
		live []trade.Trade
		want time.Time
	}{
		{[]trade.Trade{made(early, trade.Unknown), made(now, trade.Active)}, early},
		{[]trade.Trade{made(now.Add(5*time.Minute), trade.Unknown)}, now.Add(5 * time.Minute)},
		{[]trade.Trade{made(early, trade.Active), made(ahead, trade.Unknown)}, time.Unix(1, 0).Add(backdate)},
		{[]trade.Trade{made(early, trade.Active), made(ahead, trade.Wanted)}, early},
	} {
		if from, any := pollFrom(c.live, now); !any || !from.Equal(c.want) {
			t.Errorf("%v: from %s, want %s", c.live, from, c.want)
		}
	}
}
