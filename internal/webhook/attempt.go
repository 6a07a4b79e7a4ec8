package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/webhook/sqlc"
)

// drainTime is how long the rest of an answer is read, so that the connection
// can be used again. The status has decided by then.
const drainTime = 300 * time.Millisecond

// setback is how long a delivery waits that could not be tried for a reason of
// ours.
const setback = time.Minute

// result is what one HTTP try brought.
type result struct {
	code       int
	reason     string // why there is no answer, or why the answer does not count
	retryAfter time.Duration
	took       time.Duration
	over       bool // no further tries
}

func (r result) ok() bool { return r.code >= 200 && r.code < 300 }

// Attempt makes one HTTP try of a claimed delivery and stores what came of it:
// delivered after an answer of 2xx, else due again after the wait that the
// schedule and the endpoint ask for, superseded if something newer of its
// subject waits, or failed after the last try. That a try failed is no error.
// It returns [fault.WrongState], without a try or without effect, when the
// claim has lapsed, and other errors when nothing could be tried for a reason
// of ours; the delivery is then due again a minute later and no try is counted.
// When ctx ends during the try the delivery stays due.
func (s *Service) Attempt(ctx context.Context, d Delivery, now, wall time.Time) error {
	if !wall.Before(d.leasedUntil) {
		return fault.New(fault.WrongState, "the claim of delivery %d has lapsed", d.ID)
	}
	store := context.WithoutCancel(ctx) // what was tried is stored
	request, err := s.prepare(ctx, &d, wall)
	if errors.Is(err, errNoEndpoint) {
		return s.store(store, d, result{reason: err.Error(), over: true}, now)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("delivery %d: %w", d.ID, err), s.release(store, d, now.Add(setback)))
	}
	r := s.send(ctx, request, wall)
	if r.code == 0 && ctx.Err() != nil {
		return errors.Join(fmt.Errorf("delivery %d: %w", d.ID, ctx.Err()), s.release(store, d, now))
	}
	return s.store(store, d, r, now)
}

var errNoEndpoint = errors.New("the project has no such endpoint any more")

// prepare makes the request of one try. When the secret that signed the body
// is not the one in force any more, the body is signed anew and stored before
// it is sent (I18).
func (s *Service) prepare(ctx context.Context, d *Delivery, wall time.Time) (*http.Request, error) {
	project, err := s.merchants.Project(ctx, d.Project)
	if err != nil {
		return nil, err
	}
	secrets, err := s.merchants.Secrets(ctx, d.Project)
	if err != nil {
		return nil, err
	}
	if _, keyAt := secrets.Legacy(); !keyAt.Equal(d.keyAt) {
		if err := s.signAnew(ctx, d, project, secrets); err != nil {
			return nil, err
		}
	}
	header, err := s.encoder.Headers(project, secrets, *d, wall)
	if err != nil {
		return nil, fmt.Errorf("headers: %w", err)
	}
	request, err := http.NewRequest(http.MethodPost, d.URL, bytes.NewReader(d.Body))
	if err != nil {
		return &http.Request{}, nil // the URL; sending it fails, and that is counted
	}
	for name, values := range header {
		request.Header[name] = values
	}
	request.Header.Set("Content-Type", d.ContentType)
	request.Header.Set("User-Agent", "Skinrail")
	if _, set := request.Header["Idempotency-Key"]; !set {
		// Not sent when empty: allows the transport to repeat the request when
		// the connection it had kept turns out to be closed.
		request.Header["Idempotency-Key"] = nil
	}
	return request, nil
}

func (s *Service) signAnew(ctx context.Context, d *Delivery, p merchant.Project, k merchant.Secrets) error {
	events, err := s.events.Since(ctx, d.Project, d.Seq-1, 1)
	if err != nil {
		return err
	}
	if len(events) == 0 || events[0].ID != d.EventID {
		return fmt.Errorf("event %s is not where it was", d.EventID)
	}
	m, ok, err := s.encoder.Encode(ctx, p, k, events[0])
	if err != nil {
		return fmt.Errorf("encode event %s: %w", d.EventID, err)
	}
	if !ok || m.Endpoint != d.Endpoint {
		return errNoEndpoint
	}
	d.URL, d.ContentType, d.Body = m.URL, m.ContentType, m.Body
	_, d.keyAt = k.Legacy()
	return s.db.Write(ctx, func(tx *db.Tx) error {
		n, err := sqlc.New(tx).SignAnew(ctx, sqlc.SignAnewParams{Url: d.URL, ContentType: d.ContentType, Body: d.Body,
			KeyAt: db.Micros(d.keyAt), ID: d.ID, Fence: d.fence})
		if err == nil && n == 0 {
			err = fault.New(fault.WrongState, "the claim of delivery %d has lapsed", d.ID)
		}
		return err
	})
}

// send makes the try. The status decides; the rest of the answer is not
// waited for.
func (s *Service) send(ctx context.Context, request *http.Request, wall time.Time) result {
	ctx, cancel := context.WithTimeout(ctx, s.timeout())
	defer cancel()
	began := s.wall()
	if request.URL == nil {
		return result{reason: "the URL cannot be called"}
	}
	answer, err := s.client.Do(request.WithContext(ctx))
	if err != nil {
		return result{reason: reason(err), took: s.wall().Sub(began)}
	}
	r := result{code: answer.StatusCode, took: s.wall().Sub(began)}
	if !r.ok() {
		r.retryAfter = retryAfter(answer.Header, wall)
	}
	if r.code >= 300 && r.code < 400 {
		r.reason = "redirects are not followed"
	}
	rest := time.AfterFunc(drainTime, cancel)
	_, _ = io.CopyN(io.Discard, answer.Body, maxAnswer)
	rest.Stop()
	_ = answer.Body.Close()
	return r
}
