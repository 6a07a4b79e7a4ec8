package socket

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/skinrail/skinrail/internal/fault"
)

const (
	// tick is how often the log is read without being woken, and how often due
	// pings are looked for.
	tick = time.Second
	// gather is the pause between two readings of a busy log: what comes in it
	// is read together.
	gather = 2 * time.Millisecond
	// pageEvents is how many events are read at once.
	pageEvents = 64
	// retryAfter is when an event that could not be shown is tried again.
	retryAfter = time.Second
)

// Run moves the feeds when woken and at least every second, until ctx ends.
func (d *Door) Run(ctx context.Context, wake <-chan struct{}) {
	ticks := time.NewTicker(tick)
	defer ticks.Stop()
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-wake:
		case now := <-ticks.C:
			d.watch(ctx, now)
		}
		wait := gather
		if err := d.step(ctx); err != nil && ctx.Err() == nil {
			d.deps.Logger.Warn("events for sockets", "err", err)
			wait = retryAfter
		}
		pause.Reset(wait)
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
	}
}

// step gives every feed what the log has. Feeds do not wait for each other's
// errors.
func (d *Door) step(ctx context.Context) error {
	feeds := d.busy()
	projects := make([]int64, 0, len(feeds))
	for _, f := range feeds {
		projects = append(projects, f.project)
	}
	heads, err := d.deps.Events.Heads(ctx, projects)
	if err != nil {
		return err
	}
	now := time.Now()
	feeds = slices.DeleteFunc(feeds, func(f *feed) bool { return !f.lags(heads[f.project], now) })
	errs := make([]error, len(feeds))
	var wg sync.WaitGroup
	at := make(chan int)
	for range min(maxReads, len(feeds)) {
		wg.Go(func() {
			for i := range at {
				errs[i] = d.advance(ctx, feeds[i])
			}
		})
	}
	for i := range feeds {
		at <- i
	}
	close(at)
	wg.Wait()
	return errors.Join(errs...)
}

// busy returns the feeds of projects.
func (d *Door) busy() []*feed {
	d.mu.Lock()
	defer d.mu.Unlock()
	feeds := make([]*feed, 0, len(d.feeds))
	for _, f := range d.feeds {
		if f.project != nobody {
			feeds = append(feeds, f)
		}
	}
	return feeds
}

// advance gives a feed's sockets what the log has.
func (d *Door) advance(ctx context.Context, f *feed) error {
	for {
		if now := time.Now(); !f.inspectedLately(now) {
			p, secrets, err := d.project(ctx, f.project)
			if err != nil {
				return err
			}
			f.inspect(d.may, p, secrets, now)
		}
		seen, numbered := f.place()
		epoch := ""
		if numbered {
			var err error
			if epoch, err = d.logEpoch(ctx); err != nil {
				return err
			}
		}
		frames, err := d.page(ctx, f.project, seen, epoch)
		if len(frames) > 0 {
			f.give(frames, time.Now())
		}
		if err != nil && ctx.Err() == nil {
			f.postpone(time.Now().Add(retryAfter))
		}
		if err != nil || len(frames) < pageEvents {
			return err
		}
	}
}

// page reads the next events of a project as frames. With an error it returns
// what comes before the event that caused it.
func (d *Door) page(ctx context.Context, project, after int64, epoch string) ([]frame, error) {
	select {
	case d.reads <- struct{}{}:
		defer func() { <-d.reads }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	p, err := d.deps.Merchants.Project(ctx, project)
	if err != nil {
		return nil, fmt.Errorf("project of a socket: %w", err)
	}
	events, err := d.deps.Events.Since(ctx, project, after, pageEvents)
	if err != nil {
		return nil, err
	}
	frames := make([]frame, 0, len(events))
	for _, e := range events {
		plain, told, err := d.deps.Encode(p, e)
		if err != nil {
			return frames, fmt.Errorf("frame of event %s: %w", e.ID, err)
		}
		if !told {
			plain = nil
		}
		frames = append(frames, newFrame(e.Seq, plain, epoch))
	}
	return frames, nil
}

// watch pings idle peers and asks whether they may still be here.
func (d *Door) watch(ctx context.Context, now time.Time) {
	d.mu.Lock()
	feeds := make([]*feed, 0, len(d.feeds))
	for _, f := range d.feeds {
		feeds = append(feeds, f)
	}
	d.mu.Unlock()
	for _, f := range feeds {
		due := f.rest(now)
		if len(due) == 0 {
			continue
		}
		for _, s := range due {
			s.startPing()
		}
		if f.project == nobody {
			continue
		}
		p, secrets, err := d.project(ctx, f.project)
		if err == nil {
			f.inspect(d.may, p, secrets, now)
		} else if !errors.Is(err, fault.NotFound) && ctx.Err() == nil {
			d.deps.Logger.Warn("look after sockets", "project", f.project, "err", err)
		}
	}
}

// startPing sends a ping and ends the socket when no answer comes. What the
// client does not say is never held against it.
func (s *socket) startPing() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.bye != nil {
		return
	}
	s.door.wg.Go(func() {
		ctx, cancel := context.WithTimeout(s.door.life, s.door.limits.Pong)
		defer cancel()
		if err := s.conn.Ping(ctx); err != nil {
			s.drop()
		}
	})
}
