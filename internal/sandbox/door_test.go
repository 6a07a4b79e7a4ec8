package sandbox_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/sandbox"
)

// long is a clock whose days are long.
type long struct{ takes time.Duration }

func (long) Now() time.Time { return time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC) }

func (l long) Advance(ctx context.Context, _ time.Time) error {
	select {
	case <-time.After(l.takes):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// An advance takes as long as what became due takes; the listener's limits are
// for merchants.
func TestAdvanceOutlastsTheListenersLimits(t *testing.T) {
	t.Parallel()
	door := sandbox.New(sandbox.Deps{Clock: long{4 * time.Second}, Logger: slog.New(slog.DiscardHandler)})
	server := httptest.NewUnstartedServer(door.Handler())
	server.Config.ReadTimeout, server.Config.WriteTimeout = 3*time.Second, 3*time.Second
	server.Start()
	defer server.Close()
	res, err := http.Post(server.URL+"/sandbox/clock", "application/json", strings.NewReader(`{"advance":"1h"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("status %d", res.StatusCode)
	}
}
