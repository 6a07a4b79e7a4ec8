package event

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/random"
)

// Kind says what happened.
type Kind string

// The kinds.
const (
	DepositChanged  Kind = "deposit.changed"
	PurchaseBought  Kind = "purchase.bought"
	PurchaseChanged Kind = "purchase.changed"
	BalanceChanged  Kind = "balance.changed"
)

// Topic is woken by every write that appends an event.
const Topic = "event"

// Event is a fact as it is stored. Body is JSON.
type Event struct {
	ID           string
	Project, Seq int64
	Kind         Kind
	Subject      string
	Version      int64
	At           time.Time
	Body         []byte
}

// NewEvent is a fact to store. Body is encoded as JSON.
type NewEvent struct {
	Project int64
	Kind    Kind
	Subject string
	At      time.Time
	Body    any
}

// Cursor is how far a reader is in the events of a project, and how many there
// are.
type Cursor struct{ Project, Seq, Head int64 }

// BalanceSubject is the subject of a project's balance.
func BalanceSubject(project int64) string {
	return "project/" + strconv.FormatInt(project, 10) + "/balance"
}

// Service is the log. Its methods may be called concurrently.
type Service struct {
	Random random.Source // of the events' ids

	db *db.DB
}

// New returns the log kept in d.
func New(d *db.DB) *Service { return &Service{db: d} }

// AppendTx stores an event as the next of its project and its subject and wakes
// [Topic]. Until the write ends, other events of the project wait: append late.
func (s *Service) AppendTx(ctx context.Context, tx *db.Tx, n NewEvent) (Event, error) {
	es, err := s.AppendAllTx(ctx, tx, n)
	if err != nil {
		return Event{}, err
	}
	return es[0], nil
}

// AppendAllTx is [Service.AppendTx] for many events, of each project and each
// subject in the given order and with as few statements.
func (s *Service) AppendAllTx(ctx context.Context, tx *db.Tx, ns ...NewEvent) ([]Event, error) {
	es := make([]Event, len(ns))
	for i, n := range ns {
		e, err := n.event(s.Random)
		if err != nil {
			return nil, fmt.Errorf("append event %s of %s: %w", n.Kind, n.Subject, err)
		}
		es[i] = e
	}
	if err := insert(tx, es); err != nil {
		return nil, fmt.Errorf("append %d events from %s of %s on: %w", len(es), es[0].Kind, es[0].Subject, err)
	}
	tx.Wake(Topic)
	return es, nil
}

// event checks a new event and gives it an id.
func (n NewEvent) event(ids random.Source) (Event, error) {
	if n.Project <= 0 || n.Kind == "" || n.Subject == "" || n.At.IsZero() {
		return Event{}, errors.New("an event has a project, a kind, a subject and a time")
	}
	body, err := encode(n.Body)
	if err != nil {
		return Event{}, err
	}
	return Event{ID: "evt_" + ids.UUID(n.At), Project: n.Project, Kind: n.Kind, Subject: n.Subject,
		At: db.Time(db.Micros(n.At)), Body: body}, nil
}

// encode leaves < and > readable: the body is not put into a page.
func encode(body any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
