package webhook

import (
	"net/http"
	"testing"
	"time"
)

func TestWaitsFollowTheScheduleWithinAFifth(t *testing.T) {
	t.Parallel()
	want := []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
		10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour}
	for i, base := range want {
		low, high, sum := base, base, time.Duration(0)
		for id := range int64(1000) {
			wait, again := pause(id, i+1, 0)
			if !again || wait < base*8/10 || wait > base*12/10 {
				t.Fatalf("after try %d: %v, %v", i+1, wait, again)
			}
			if same, _ := pause(id, i+1, 0); same != wait {
				t.Fatalf("try %d of delivery %d waits %v and %v", i+1, id, wait, same)
			}
			low, high, sum = min(low, wait), max(high, wait), sum+wait/1000
		}
		if low > base*81/100 || high < base*119/100 || sum < base*98/100 || sum > base*102/100 {
			t.Errorf("after try %d: from %v to %v, %v on average", i+1, low, high, sum)
		}
	}
	if _, again := pause(1, len(want)+1, time.Hour); again {
		t.Error("there is no last try")
	}
}

// Computed by other code: the same delivery waits the same in all versions.
func TestWaitsOfADeliveryNeverChange(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		delivery int64
		try      int
		want     time.Duration
	}{
		{1, 1, 967000000000},
		{2, 1, 803000000000},
		{1, 2, 1049000000000},
		{90817, 3, 1136000000000},
		{1099511627776, 9, 957000000000},
	} {
		if got := jitter(1000*time.Second, c.delivery, c.try); got != c.want {
			t.Errorf("delivery %d, try %d: %d, want %d", c.delivery, c.try, got, c.want)
		}
	}
}

func TestRetryAfterLengthensAWaitUpToADay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ asked, low, high time.Duration }{
		{0, 4 * time.Second, 6 * time.Second},
		{time.Second, 4 * time.Second, 6 * time.Second},
		{time.Hour, time.Hour, time.Hour},
		{48 * time.Hour, 24 * time.Hour, 24 * time.Hour},
	} {
		if wait, _ := pause(3, 1, c.asked); wait < c.low || wait > c.high {
			t.Errorf("asked for %v, waits %v", c.asked, wait)
		}
	}
	if wait, _ := pause(3, 9, 30*time.Hour); wait < 24*time.Hour || wait > 29*time.Hour {
		t.Errorf("the last wait is %v", wait)
	}
}

func TestRetryAfterIsSecondsOrADate(t *testing.T) {
	t.Parallel()
	wall := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "0": 0, "120": 2 * time.Minute, "-5": 0, "1.5": 0, "soon": 0, "99999999999999999999": 0, "2147483647": (1<<31 - 1) * time.Second,
		"2147483648":                    0,
		"Sun, 01 Mar 2026 12:10:00 GMT": 10 * time.Minute, "Sun, 01 Mar 2026 11:00:00 GMT": 0,
	} {
		if got := retryAfter(http.Header{"Retry-After": {text}}, wall); got != want {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
	}
}
