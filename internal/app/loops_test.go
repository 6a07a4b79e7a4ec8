package app

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
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

// A step that panics is one that failed: it is told, and tried again.
func TestAPanicOfAStepIsItsFailure(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	var said bytes.Buffer
	log := slog.New(slog.NewTextHandler(&said, nil))
	g := &Gateway{Options: Options{DB: d, Log: log}, Metrics: newMetrics(d, log, time.Now, nil)}
	ctx, end := context.WithCancel(t.Context())
	worked := make(chan struct{}, 8)
	panicked := false
	g.loop(ctx, "test", time.Millisecond, nil, func(context.Context) (bool, error) {
		if !panicked {
			panicked = true
			panic("oh")
		}
		select {
		case worked <- struct{}{}:
		default:
		}
		return false, nil
	})
	<-worked
	g.loops.walk.Lock() // nothing holds it any more
	g.loops.walk.Unlock()
	end()
	g.loops.wg.Wait()
	if text := said.String(); !strings.Contains(text, "panic: oh") || !strings.Contains(text, "loops_test.go") {
		t.Errorf("the log does not say what happened and where: %s", text)
	}
}
