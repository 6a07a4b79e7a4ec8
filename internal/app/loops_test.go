package app

import (
	"context"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db/dbtest"
)

// Bots change hands as often as a network fails: nothing stays of a loop that
// has ended.
func TestALoopThatHasEndedIsWokenNoMore(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	g := &Gateway{Options: Options{DB: d}}
	ctx, end := context.WithCancel(t.Context())
	worked := make(chan struct{}, 8)
	wake, other := d.Subscribe("a", "b"), d.Subscribe("a")
	g.loop(ctx, "test", time.Hour, wake, func(context.Context) (bool, error) {
		worked <- struct{}{}
		return false, nil
	})
	<-worked // at once
	d.Wake("b")
	<-worked
	end()
	g.loops.wg.Wait()
	for _, topic := range []string{"a", "b"} {
		d.Wake(topic)
	}
	select {
	case <-wake:
		t.Error("it is woken still")
	default:
	}
	select {
	case <-other:
	default:
		t.Error("another one is not woken")
	}
}
