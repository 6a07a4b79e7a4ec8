package bot_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/trade"
)

// TestOfferMadeByAClockThatIsAheadIsFound: Steam lists ended offers since a time,
// and one that was accepted at once must be among them, whether our clock is
// still a year ahead when they are listed or right again.
func TestOfferMadeByAClockThatIsAheadIsFound(t *testing.T) {
	t.Parallel()
	const year = 365 * 24 * time.Hour
	for name, right := range map[string]bool{"still ahead": false, "right again": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				st := newStage(t, d, 1)
				st.run()
				st.pass(year, -year)
				st.fault(http.MethodPost, `{"endpoint":"send","when":"after","kind":"drop"}`)
				st.fault(http.MethodPost, `{"endpoint":"offers","kind":"late","value":"3m","count":1}`) // the step that sends looks too soon
				ids := st.buy(d, 1)
				st.run()
				if right {
					st.pass(-year, 0)
				}
				for range 20 {
					st.pass(time.Minute, st.ahead)
					st.run()
				}
				if one := st.trade(ids[0]); one.State != trade.Accepted || st.sends() != 1 {
					t.Errorf("%s %q, %d sends", one.State, one.Problem, st.sends())
				}
			})
		})
	}
}
