package db

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// courier carries wake-ups between the processes on one PostgreSQL. It is never
// the only way to hear of something: all loops also poll, and a server without
// LISTEN is only slower.
//
// A NOTIFY inside a write would make all writes wait for one lock of the server.
// So topics are gathered and told after the commits, in one statement of its own.
type courier struct {
	config  *pgx.ConnConfig // of a connection that listens
	pool    *sql.DB         // for telling
	bus     *bus
	channel string
	self    string // begins what this process tells, which it does not tell itself
	ctx     context.Context
	stop    context.CancelFunc
	wg      sync.WaitGroup
	listens sync.Once
	tells   sync.Once

	mu      sync.Mutex
	pending []string
	poke    chan struct{}
}

const (
	gatherFor  = 10 * time.Millisecond // between two tellings
	tellFor    = 2 * time.Second       // the longest that one may take
	listenIdle = 30 * time.Second      // then the connection is looked at
	listenAway = time.Second           // before it is made anew
)

// newCourier finds the channel: notifications are per database, and several
// schemas in one do not concern each other.
func newCourier(ctx context.Context, b *bus, pool *sql.DB, config *pgx.ConnConfig) (*courier, error) {
	var schema sql.NullString
	if err := pool.QueryRowContext(ctx, "select current_schema()").Scan(&schema); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(schema.String))
	c := &courier{config: config, pool: pool, bus: b, channel: fmt.Sprintf("skinrail_%016x", h.Sum64()), self: rand.Text(), poke: make(chan struct{}, 1)}
	c.ctx, c.stop = context.WithCancel(context.Background())
	return c, nil
}

// tell lets other processes wake their subscribers, soon.
func (c *courier) tell(topics []string) {
	c.mu.Lock()
	for _, t := range topics {
		if !slices.Contains(c.pending, t) {
			c.pending = append(c.pending, t)
		}
	}
	c.mu.Unlock()
	c.tells.Do(func() { c.wg.Go(c.telling) })
	select {
	case c.poke <- struct{}{}:
	default:
	}
}

func (c *courier) telling() {
	for {
		select {
		case <-c.ctx.Done():
			c.send()
			return
		case <-c.poke:
		}
		c.send()
		select {
		case <-c.ctx.Done():
		case <-time.After(gatherFor):
		}
	}
}

// send tells what is pending. What cannot be told is found by polling.
func (c *courier) send() {
	c.mu.Lock()
	topics := c.pending
	c.pending = nil
	c.mu.Unlock()
	if len(topics) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), tellFor)
	defer cancel()
	// Nothing is stored, so nothing needs to be waited for on disk.
	_, _ = c.pool.ExecContext(ctx, "select set_config('synchronous_commit', 'off', true), pg_notify($1, $2)", c.channel, c.self+" "+strings.Join(topics, " "))
}

// listen wakes this process's subscribers when others tell.
func (c *courier) listen() {
	c.listens.Do(func() {
		c.wg.Go(func() {
			for again := false; c.ctx.Err() == nil; again = true {
				c.hear(again)
				select {
				case <-c.ctx.Done():
				case <-time.After(listenAway):
				}
			}
		})
	})
}

// hear listens until the connection fails. What was told while there was none
// is lost: all are woken when it stands again.
func (c *courier) hear(again bool) {
	ctx, cancel := context.WithTimeout(c.ctx, listenIdle)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, c.config)
	if err != nil {
		return
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), tellFor)
		defer cancel()
		_ = conn.Close(ctx)
	}()
	if _, err := conn.Exec(ctx, "listen "+c.channel); err != nil {
		return
	}
	if again {
		c.bus.wakeAll()
	}
	for {
		ctx, cancel := context.WithTimeout(c.ctx, listenIdle)
		n, err := conn.WaitForNotification(ctx)
		idle := ctx.Err() != nil && c.ctx.Err() == nil
		cancel()
		switch {
		case err == nil:
			if from, topics, _ := strings.Cut(n.Payload, " "); from != c.self {
				c.bus.wake(strings.Fields(topics))
			}
		case !idle || !c.answers(conn):
			return
		}
	}
}

// answers looks whether the server is still there.
func (c *courier) answers(conn *pgx.Conn) bool {
	ctx, cancel := context.WithTimeout(c.ctx, tellFor)
	defer cancel()
	return conn.Ping(ctx) == nil
}

// close tells what is pending and ends.
func (c *courier) close() {
	c.stop()
	c.wg.Wait()
}
