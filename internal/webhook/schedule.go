package webhook

import (
	"net/http"
	"strconv"
	"time"
)

// waits are the times between the tries of a delivery: after the first try five
// seconds, after the ninth a day. The tenth is the last (G8).
var waits = [...]time.Duration{
	5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
	10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
}

// maxRetryAfter bounds what an endpoint can ask for.
const maxRetryAfter = 24 * time.Hour

// pause returns how long to wait after a failed try of a delivery, or false
// when that was the last. try counts from 1. An endpoint can ask for longer,
// never for shorter.
func pause(delivery int64, try int, retryAfter time.Duration) (time.Duration, bool) {
	if try > len(waits) {
		return 0, false
	}
	return max(jitter(waits[try-1], delivery, try), min(retryAfter, maxRetryAfter)), true
}

// jitter spreads a wait evenly over 80 to 120 percent. The same delivery and
// try always give the same, so that a repeated write decides the same.
func jitter(wait time.Duration, delivery int64, try int) time.Duration {
	x := uint64(delivery)<<8 | uint64(try) // splitmix64 of it
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	x ^= x >> 31
	return wait / 1000 * time.Duration(800+x%401)
}

// retryAfter reads the header of that name: seconds, or a date by the wall
// clock. What it cannot read is no wish.
func retryAfter(h http.Header, wall time.Time) time.Duration {
	text := h.Get("Retry-After")
	if n, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(at.Sub(wall), 0)
	}
	return 0
}
