package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/skinrail/skinrail/internal/db"
)

// running is what every gateway process holds, whatever Steam stands behind it.
type running struct {
	log       *slog.Logger
	lock      *os.File  // of the data folder
	front     []*server // that end before the loops: no new requests
	back      []*server // that end after them
	db        *db.DB
	steam     io.Closer // the simulated one; nil: another program's
	gateway   *Gateway
	failed    chan error
	stopLoops context.CancelFunc
}

// run takes the steps of a start and returns after ctx has ended and everything
// that ran is finished, or with the first failure.
func (r *running) run(ctx context.Context, steps ...func(context.Context) error) (err error) {
	r.failed = make(chan error, 4)
	defer func() { err = errors.Join(err, r.close()) }()
	for _, step := range steps {
		if err := step(ctx); err != nil {
			if ctx.Err() != nil {
				return nil // stopped while starting
			}
			return err
		}
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-r.failed:
		return err
	case err := <-r.db.Fatal():
		return fmt.Errorf("database can no longer keep what it is given: %w\nwhat was acknowledged is kept: make space on its disk, or put it on a sound one, and start again (docs/operations.md)", err)
	}
}

// listen opens a listener and remembers to close it.
func (r *running) listen(to *[]*server, address string) (*server, error) {
	s, err := listen(address)
	if err == nil {
		*to = append(*to, s)
	}
	return s, err
}

// loop starts the gateway's loops; they outlive ctx until close.
func (r *running) loop(ctx context.Context) context.Context {
	ctx, r.stopLoops = context.WithCancel(context.WithoutCancel(ctx))
	r.gateway.Run(ctx)
	return ctx
}

// close ends what was opened: no new requests, then the loops, then what they
// stand on.
func (r *running) close() error {
	errs := stop(r.front)
	if r.stopLoops != nil {
		r.stopLoops()
		errs = append(errs, r.gateway.Wait(), r.gateway.closeSockets())
	}
	errs = append(errs, stop(r.back)...)
	if r.steam != nil {
		errs = append(errs, r.steam.Close())
	}
	if r.db != nil {
		errs = append(errs, r.db.Close())
	}
	if r.lock != nil {
		errs = append(errs, r.lock.Close())
	}
	return errors.Join(errs...)
}

func stop(servers []*server) (errs []error) {
	for _, s := range servers {
		errs = append(errs, s.stop())
	}
	return errs
}
