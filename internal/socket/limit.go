package socket

import (
	"maps"
	"net/netip"
	"sync"
	"time"
)

// upgradesAtOnce is how many an address may make at once when it was quiet
// before: the workers of one site that all come back after a restart.
const upgradesAtOnce = 60

// maxAddresses bounds how many addresses are remembered.
const maxAddresses = 50_000

// upgrades limits how fast one address opens sockets: a leaky bucket per
// address, kept as the time at which it will be empty. Addresses of one IPv6
// /64 count as one, loopback does not count.
type upgrades struct {
	mu    sync.Mutex
	empty map[netip.Addr]time.Time
	swept time.Time
}

func (u *upgrades) allow(a netip.Addr, perMinute int, now time.Time) bool {
	if a.IsLoopback() {
		return true
	}
	if a.Is6() {
		p, _ := a.Prefix(64)
		a = p.Addr()
	}
	each := time.Minute / time.Duration(perMinute)
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.empty == nil {
		u.empty = map[netip.Addr]time.Time{}
	}
	at, ok := u.empty[a]
	if at.Before(now) {
		at = now
	}
	if at.Sub(now) > (upgradesAtOnce-1)*each {
		return false
	}
	if !ok && len(u.empty) >= maxAddresses {
		u.forget(now)
	}
	u.empty[a] = at.Add(each)
	return true
}

// forget makes room: empty buckets go, looked for once a minute because that
// walks over all; between, any one goes.
func (u *upgrades) forget(now time.Time) {
	if now.Sub(u.swept) >= time.Minute {
		u.swept = now
		maps.DeleteFunc(u.empty, func(_ netip.Addr, at time.Time) bool { return !at.After(now) })
	}
	if len(u.empty) < maxAddresses {
		return
	}
	for a := range u.empty {
		delete(u.empty, a)
		return
	}
}
