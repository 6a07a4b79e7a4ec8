package skinsback

import (
	"sync"
	"sync/atomic"
	"time"
)

// Answers about what has not changed are remembered: merchants poll. An answer
// is good while the database has committed nothing since before it was read and
// commits nothing now, and for a second at the most, because another program may
// have written.
const (
	answerLife = time.Second
	maxAnswers = 8192
)

type answerCache struct {
	answers sync.Map // answerKey -> *storedAnswer
	count   atomic.Int64
}

type answerKey struct {
	project int64
	method  string
	id      int64
	orderID string
}

type storedAnswer struct {
	version [2]int64  // of the database and of the prices
	at      time.Time // monotonic
	body    []byte
}

// answered returns the answer that produce would give now. It remembers it when
// the database tells its version.
func (d *Door) answered(k answerKey, produce func() ([]byte, error)) ([]byte, error) {
	commits, known := d.deps.Version()
	if !known {
		return produce()
	}
	version := [2]int64{commits, d.deps.Pricing.Version()}
	now := time.Now()
	if v, ok := d.answers.answers.Load(k); ok {
		if s := v.(*storedAnswer); s.version == version && now.Sub(s.at) < answerLife {
			return s.body, nil
		}
	}
	body, err := produce()
	if err == nil {
		d.answers.keep(k, &storedAnswer{version, now, body})
	}
	return body, err
}

// keep forgets everything when there is too much: what is asked for is there
// again at once.
func (c *answerCache) keep(k answerKey, s *storedAnswer) {
	if _, there := c.answers.Swap(k, s); !there && c.count.Add(1) > maxAnswers {
		c.answers.Clear()
		c.count.Store(0)
	}
}
