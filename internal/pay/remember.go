package pay

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/steam"
)

// What is remembered here is only ever a saved question to Steam: losing it
// changes nothing. Each memory is emptied when it is full.
const (
	mostRemembered  = 10_000
	profileFresh    = 10 * time.Minute
	profileMissing  = 30 * time.Second
	profilePatience = 3 * time.Second
	readyFresh      = 30 * time.Second
)

// bounded is a map that starts anew when it is full.
type bounded[K comparable, V any] struct {
	mu sync.Mutex
	m  map[K]V
}

func (b *bounded[K, V]) get(k K) (V, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	v, ok := b.m[k]
	return v, ok
}

func (b *bounded[K, V]) put(k K, v V) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.m == nil || len(b.m) >= mostRemembered {
		b.m = map[K]V{}
	}
	b.m[k] = v
}

type profiles struct {
	bounded[steam.ID64, knownProfile]
}

type knownProfile struct {
	Profile
	until time.Time // wall
}

// profile is an account's public face, empty when Steam does not tell in time:
// it decorates and must not hold a page up.
func (d *Door) profile(ctx context.Context, id steam.ID64) Profile {
	wall := d.Wall()
	if k, ok := d.profiles.get(id); ok && wall.Before(k.until) {
		return k.Profile
	}
	ctx, cancel := context.WithTimeout(ctx, profilePatience)
	defer cancel()
	p, err := d.Steam.Profile(ctx, id)
	k := knownProfile{Profile: p, until: wall.Add(profileFresh)}
	if err != nil {
		d.Logger.DebugContext(ctx, "profile", "account", id.String(), "error", err)
		k = knownProfile{until: wall.Add(profileMissing)}
	}
	d.profiles.put(id, k)
	return k.Profile
}

type ready struct {
	bounded[readyKey, time.Time]
}

type readyKey struct {
	id    steam.ID64
	token string
}

// preflight asks Steam whether the payer may trade; a yes is good for a moment,
// since the choice is checked again.
func (d *Door) preflight(ctx context.Context, id steam.ID64, token string) error {
	k, wall := readyKey{id, token}, d.Wall()
	if until, ok := d.ready.get(k); ok && wall.Before(until) {
		return nil
	}
	if err := d.Steam.Preflight(ctx, id, token); err != nil {
		return err
	}
	d.ready.put(k, wall.Add(readyFresh))
	return nil
}

// limits keeps one link from asking Steam without end.
type limits struct {
	bounded[string, *rate.Limiter]
}

const (
	asksAtOnce = 20
	asksEvery  = 3 * time.Second
)

// mayAsk is [fault.RateLimited] when a link has asked too much of Steam lately.
func (d *Door) mayAsk(hash string) error {
	l, ok := d.limits.get(hash)
	if !ok {
		l = rate.NewLimiter(rate.Every(asksEvery), asksAtOnce)
		d.limits.put(hash, l)
	}
	if !l.AllowN(d.Wall(), 1) {
		return fault.New(fault.RateLimited, "slower")
	}
	return nil
}
