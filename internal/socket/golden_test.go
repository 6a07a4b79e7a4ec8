package socket_test

import (
	"path/filepath"
	"testing"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/goldentest"
)

// Each frame that this door makes, to the byte. The events themselves are
// encoded elsewhere; here one stands for all.
func TestFramesStayAsTheyAre(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	err := d.Write(t.Context(), func(tx *db.Tx) error {
		_, err := tx.ExecContext(t.Context(), "insert into feed_epoch (id, epoch) values (1, 'k3pt0nceandf0r4l')")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	w := start(t, d, nil)
	w.add(shop, event.DepositChanged, 1, 2, 3)
	w.add(shop, event.BalanceChanged, map[string]string{"balance_value": "1839.84"})
	forget(t, d, 2)

	golden(t, "auth_failed", w.dial("shopid=4021").next())
	plain := w.dial(shopLogin)
	golden(t, "auth_success", plain.next())
	numbered := w.dial(shopLogin + "&since=0")
	golden(t, "auth_success_numbered", numbered.next())
	golden(t, "gap_expired", numbered.next())
	golden(t, "skip", numbered.next())
	golden(t, "event_numbered", numbered.next())
	for name, query := range map[string]string{"gap_ahead": "&since=9", "gap_epoch": "&since=2&epoch=another"} {
		c := w.dial(shopLogin + query)
		c.next()
		golden(t, name, c.next())
	}
	w.add(shop, event.BalanceChanged, map[string]string{"balance_value": "1839.84"})
	golden(t, "event", plain.next())
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	goldentest.File(t, filepath.Join("testdata", name+".json"), got+"\n")
}
