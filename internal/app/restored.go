package app

import (
	"context"
	"net/http"

	"github.com/skinrail/skinrail/internal/reconcile"
)

// A restored database is closed until Steam and the records agree, or an
// operator opens it (G13): merchants are told of maintenance, bots only read,
// and no notification or frame goes out.

// closed reports whether nothing may be sent outward; when that cannot be
// read, nothing may.
func (g *Gateway) closed(ctx context.Context) bool {
	r, err := g.Drifts.Restored(ctx)
	return err != nil || r.Closed()
}

// reopen opens a restored database once every bot agrees with Steam.
func (g *Gateway) reopen(ctx context.Context) (bool, error) {
	r, err := g.Drifts.Restored(ctx)
	if err != nil || !r.Closed() {
		return false, err
	}
	looks, err := g.Drifts.Looks(ctx, r)
	if err != nil {
		return false, err
	}
	for _, l := range looks {
		if !l.Agrees() {
			return false, nil
		}
	}
	opened, err := open(ctx, g.DB, g.Drifts, g.Merchants, reconcile.ByItself, g.Now())
	if opened {
		g.Log.Warn("the restored database agrees with Steam: open", "restored", r.At)
	}
	return opened, err
}

// socketDoor answers 503 while the database is closed.
func (g *Gateway) socketDoor() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if g.closed(r.Context()) {
			w.Header().Set("Retry-After", "60")
			say(w, http.StatusServiceUnavailable, "under maintenance")
			return
		}
		g.Sockets.ServeHTTP(w, r)
	})
}
