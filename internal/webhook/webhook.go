package webhook

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/webhook/sqlc"
)

// Endpoints: deposit notifications go to the result URL, everything else to
// the events URL.
const (
	Result = "result"
	Events = "events"
)

// Topic is woken when a delivery may have become due.
const Topic = "webhook"

// Message is an event as it goes to one endpoint.
type Message struct {
	Endpoint    string // [Result] or [Events]
	URL         string
	ContentType string
	Body        []byte
}

// Encoder puts events into the form that merchants expect. Encode returns
// false when the project has no endpoint for the event; it must give the same
// bytes for the same event, settings and secrets. Headers is called for each
// try; it returns what is sent beside Content-Type.
type Encoder interface {
	Encode(ctx context.Context, p merchant.Project, s merchant.Secrets, e event.Event) (Message, bool, error)
	Headers(p merchant.Project, s merchant.Secrets, d Delivery, wall time.Time) (http.Header, error)
}

// State is what became of a delivery.
type State string

// The states. Who moves next: pending the sender, by time; the others nobody,
// until an operator or merchant replays a failed or delivered one.
const (
	Pending    State = "pending"
	Delivered  State = "delivered"
	Superseded State = "superseded"
	Failed     State = "failed"
)

// Delivery is one event for one endpoint. LastCode is 0 when the last try got
// no answer; then LastError says why.
type Delivery struct {
	ID           int64
	EventID      string
	Project, Seq int64
	Endpoint     string
	Subject      string
	Version      int64
	URL          string
	ContentType  string
	Body         []byte
	State        State
	Tries        int
	Failing      bool // a try failed, and it is neither delivered nor superseded
	LastCode     int
	LastError    string
	DueAt        time.Time
	CreatedAt    time.Time
	EndedAt      time.Time
	keyAt        time.Time // when the secret that signed Body was made
	replayed     int       // tries before it was last replayed
	fence        int64     // the claim that this comes from
	leasedUntil  time.Time
}

// Attempt is one HTTP try. Code is 0 when there was no answer; then Error says
// why.
type Attempt struct {
	N     int
	At    time.Time
	Took  time.Duration
	Code  int
	Error string
}

// Deps is what the room needs.
type Deps struct {
	DB        *db.DB
	Events    *event.Service
	Merchants *merchant.Service
	Encoder   Encoder
	Client    *http.Client     // from [Guard]; its Timeout bounds one try
	Wall      func() time.Time // tells how long a try took; nil: time.Now
}

// tryTime is the longest that one HTTP try may take, unless the client has a
// limit of its own.
const tryTime = 10 * time.Second

// Service keeps deliveries. Its methods may be called concurrently, also by
// several processes on one database.
type Service struct {
	db        *db.DB
	events    *event.Service
	merchants *merchant.Service
	encoder   Encoder
	client    *http.Client
	wall      func() time.Time
}

// New returns the deliveries kept in deps.DB. Without a client it is
// [Guard]'s with no exceptions.
func New(deps Deps) *Service {
	s := &Service{db: deps.DB, events: deps.Events, merchants: deps.Merchants, encoder: deps.Encoder,
		client: deps.Client, wall: deps.Wall}
	if s.wall == nil {
		s.wall = time.Now
	}
	if s.client == nil {
		s.client = Guard(GuardOptions{})
	}
	return s
}

// timeout is how long one HTTP try may take.
func (s *Service) timeout() time.Duration {
	if s.client.Timeout > 0 {
		return s.client.Timeout
	}
	return tryTime
}

// NextDue returns when the next delivery that nobody is sending becomes due;
// false when there is none. It may have passed: then a sender is late, or the
// host is busy.
func (s *Service) NextDue(ctx context.Context) (time.Time, bool, error) {
	at, err := sqlc.New(s.db.Read()).NextDue(ctx)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("next due delivery: %w", err)
	}
	return db.Time(at), at > 0, nil
}

// Behind returns when the oldest event happened that is no delivery yet; false
// when there is none.
func (s *Service) Behind(ctx context.Context) (oldest time.Time, any bool, err error) {
	cursors, err := s.events.Behind(ctx, reader)
	if err != nil {
		return oldest, false, err
	}
	for _, c := range cursors {
		next, err := s.events.Since(ctx, c.Project, c.Seq, 1)
		if err != nil {
			return oldest, false, err
		}
		if len(next) > 0 && (!any || next[0].At.Before(oldest)) {
			oldest, any = next[0].At, true
		}
	}
	return oldest, any, nil
}

// Queue is how the deliveries of all projects stand.
type Queue struct {
	Waiting int64 // subjects with something pending
	Failing int64 // a try failed, and it is neither delivered nor superseded
	Behind  int64 // events that are not deliveries yet
}

// Queue counts what is to be sent, by counters and by the queue itself.
func (s *Service) Queue(ctx context.Context) (q Queue, err error) {
	w := sqlc.New(s.db.Read())
	if q.Waiting, err = w.CountLanes(ctx); err != nil {
		return q, fmt.Errorf("count deliveries: %w", err)
	}
	if q.Failing, err = w.CountFailing(ctx); err != nil {
		return q, fmt.Errorf("count deliveries: %w", err)
	}
	behind, err := s.events.Behind(ctx, reader)
	for _, c := range behind {
		q.Behind += c.Head - c.Seq
	}
	return q, err
}
