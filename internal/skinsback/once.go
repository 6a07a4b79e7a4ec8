package skinsback

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/purchase"
	"github.com/skinrail/skinrail/internal/webhook"
)

// A call with an Idempotency-Key has at most one effect: its first answer is
// kept in the transaction of the effect, and repeated as long as it is kept.

const (
	headerKey      = "Idempotency-Key"
	headerReplayed = "Idempotent-Replayed"
	maxKey         = 255
	// keyLife is how long an answer is kept, by the clock of [Door.Prune].
	keyLife = 48 * time.Hour
)

var (
	keyMismatch = refusal{code: -10, name: "idempotency_key_mismatch"}
	keyInvalid  = refusal{code: -11, name: "invalid_idempotency_key"}
)

// errTaken ends a write whose key somebody else has just used.
var errTaken = errors.New("the idempotency key is taken")

// memory keeps the answer of one call; nil for a call without a key.
type memory struct {
	door    *Door
	project int64
	key     string
	method  string
	digest  []byte
	wall    time.Time
	kept    bool // in a transaction that was committed
}

// memoryOf reads the key of a call to a method that moves something.
func (d *Door) memoryOf(r *http.Request, c *call) (*memory, error) {
	keys := r.Header[headerKey]
	if len(keys) == 0 || !c.method.effect {
		return nil, nil
	}
	key := strings.Join(keys, ",")
	if key == "" || len(key) > maxKey || strings.ContainsFunc(key, func(r rune) bool { return r < '!' || r > '~' }) {
		return nil, keyInvalid.because("Idempotency-Key: 1 to 255 visible ASCII characters")
	}
	return &memory{door: d, project: c.project.ID, key: key, method: c.method.name, digest: digest(c.fields), wall: d.deps.Wall()}, nil
}

// digest is the same for the same parameters in any order, however signed.
func digest(f fields) []byte {
	f = slices.Clone(f)
	slices.SortFunc(f, func(a, b field) int { return cmp.Compare(a.name, b.name) })
	h := sha256.New()
	for _, p := range f {
		if p.name != "sign" && p.name != "shopid" {
			h.Write(binary.AppendUvarint(nil, uint64(len(p.name))))
			h.Write([]byte(p.name))
			p.value.digest(func(b []byte) { h.Write(b) })
		}
	}
	return h.Sum(nil)
}

func (v value) digest(write func([]byte)) {
	write(binary.AppendUvarint([]byte{byte(v.kind)}, uint64(len(v.str))))
	write([]byte(v.str))
	for i, it := range v.items {
		if i < len(v.names) {
			write([]byte(v.names[i] + "="))
		}
		it.digest(write)
	}
}

// run runs a method, or repeats its first answer.
func (m *memory) run(w http.ResponseWriter, c *call) ([]byte, error) {
	body, found, err := m.replay(w, c)
	if found || err != nil {
		return body, err
	}
	c.memory = m
	body, err = c.method.run(m.door, c)
	if err == nil || m.kept || errors.Is(err, db.ErrCommitUnknown) {
		return body, err
	}
	// Refused perhaps because the same call has just been made elsewhere.
	again, found, lookErr := m.replay(w, c)
	if found || lookErr != nil {
		return again, lookErr
	}
	return nil, err
}

// replay answers what was answered first.
func (m *memory) replay(w http.ResponseWriter, c *call) (body []byte, found bool, err error) {
	var method string
	var digest []byte
	err = m.door.deps.DB.Read().QueryRowContext(c.ctx, "select method, digest, answer from idempotency where project_id = $1 and key = $2",
		m.project, m.key).Scan(&method, &digest, &body)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, false, nil
	case err != nil:
		return nil, false, fmt.Errorf("look up idempotency key: %w", err)
	case method != m.method || string(digest) != string(m.digest):
		return nil, true, keyMismatch.because("the key was used for another call")
	}
	w.Header().Set(headerReplayed, "true")
	if len(body) == 0 {
		c.memory = m
		body, err = c.method.resume(m.door, c)
	}
	return body, true, err
}

var keepSQL = db.NewList("insert into idempotency (project_id, key, method, digest, answer, at) values ", "($1, $2, $3, $4, $5, coalesce((select c.at from idempotency_clock c), $6))",
	" on conflict (project_id, key) do nothing")

// keep stores the answer in the transaction of the effect, which ends with
// errTaken when the key has one. An empty answer is known later.
func (m *memory) keep(tx *db.Tx, answer []byte) {
	if answer == nil {
		answer = []byte{}
	}
	tx.Collect(keepSQL, errTaken, m.project, m.key, m.method, m.digest, answer, db.Micros(m.wall))
	tx.After(func() { m.kept = true })
}

// complete stores an answer that was not known with the effect.
func (c *call) complete(answer []byte) error {
	m := c.memory
	if m == nil {
		return nil
	}
	return m.door.deps.DB.Write(c.ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(c.ctx, "update idempotency set answer = $3 where project_id = $1 and key = $2", m.project, m.key, answer)
		return err
	})
}

// deposited keeps the answer together with a new deposit.
func (c *call) deposited(answer func(deposit.Deposit) []byte) []deposit.Follow {
	if c.memory == nil {
		return nil
	}
	return []deposit.Follow{func(tx *db.Tx, d deposit.Deposit) error {
		c.memory.keep(tx, answer(d))
		return nil
	}}
}

// purchased keeps the answer together with new purchases.
func purchased[T any](c *call, answer func(T) []byte) []purchase.Follow[T] {
	if c.memory == nil {
		return nil
	}
	return []purchase.Follow[T]{func(tx *db.Tx, made T) error {
		c.memory.keep(tx, answer(made))
		return nil
	}}
}

// ageSQL moves the clock of kept answers towards the wall's, a step at most and
// never back: answers are dated by it, so a wall clock that jumps and comes back
// leaves none that seems old. The first time it stands where the oldest answer is.
const ageSQL = `insert into idempotency_clock (id, at) values (1, coalesce((select min(i.at) from idempotency i), $1))
	on conflict (id) do update set at = case when $1 < idempotency_clock.at then idempotency_clock.at
		when $1 < idempotency_clock.at + $2 then $1 else idempotency_clock.at + $2 end
	returning at`

// ageStep is how much older answers and nonces get at most with each call of
// [Door.Prune].
const ageStep = 2 * time.Hour

// Prune forgets answers, nonces and deliveries that are past their time. Call it once an
// hour: a wall clock that is far ahead then makes answers age twice as fast and
// no faster (I22). A nonce lives longer than such a step.
func (d *Door) Prune(ctx context.Context, wall time.Time) error {
	var at int64
	err := d.deps.DB.Write(ctx, func(tx *db.Tx) error {
		if err := tx.QueryRowContext(ctx, ageSQL, db.Micros(wall), ageStep.Microseconds()).Scan(&at); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "delete from idempotency where at < $1", at-keyLife.Microseconds())
		return err
	})
	if err != nil {
		return fmt.Errorf("forget answers: %w", err)
	}
	past := db.Time(at).Add(-ageStep)
	return errors.Join(d.deps.Merchants.DropNonces(ctx, past), d.deps.Deposits.DropNonces(ctx, past.Add(-deposit.NonceLife)),
		d.deps.Webhooks.Forget(ctx, past.Add(-webhook.Life)))
}
