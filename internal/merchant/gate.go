package merchant

import (
	"context"
	"fmt"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/merchant/sqlc"
)

// NonceLife is how long a nonce is remembered: twice the time in which a signed
// request is accepted, because clocks may be ahead or behind.
const NonceLife = 10 * time.Minute

// Used says that the merchant has authenticated with the client secret made at a
// time. During a rotation, what is sent to him is signed with it from now on;
// unless it is not the one in force any more: who knows it may not know the next.
func (s *Service) Used(ctx context.Context, project int64, made, now time.Time) error {
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		n, err := sqlc.New(tx).UseSecret(ctx, sqlc.UseSecretParams{ProjectID: project, Purpose: string(Client), UsedAt: db.Micros(now), CreatedAt: db.Micros(made)})
		if err != nil || n == 0 {
			return err
		}
		return bump(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("use the new secret: %w", err)
	}
	s.cache.drop()
	return nil
}

// TakeCalls takes some of a project's calls of a minute, of which all processes
// together have limit. It returns how many were left to take, and how many are
// taken now.
func (s *Service) TakeCalls(ctx context.Context, project, minute int64, want, limit int) (got, taken int, err error) {
	var total int64
	err = s.db.Write(ctx, func(tx *db.Tx) (err error) {
		total, err = sqlc.New(tx).TakeCalls(ctx, sqlc.TakeCallsParams{ProjectID: project, Minute: minute, Taken: int64(want)})
		return err
	})
	if err != nil {
		return 0, 0, fmt.Errorf("take calls of project %d: %w", project, err)
	}
	return min(want, max(0, limit-int(total)+want)), int(total), nil
}

// UseNonce makes a nonce of a project's signed request used; the second time it
// is [fault.Duplicate], on every process.
func (s *Service) UseNonce(ctx context.Context, project int64, nonce string, wall time.Time) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		n, err := sqlc.New(tx).UseNonce(ctx, sqlc.UseNonceParams{ProjectID: project, Nonce: nonce, Wall: db.Micros(wall)})
		if err != nil {
			return fmt.Errorf("use nonce: %w", err)
		}
		if n == 0 {
			return fault.New(fault.Duplicate, "the nonce was used before")
		}
		return nil
	})
}

// DropNonces forgets nonces that no request can repeat any more, at a time that
// is surely past: a wall clock that jumps ahead must not come here.
func (s *Service) DropNonces(ctx context.Context, now time.Time) error {
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		_, err := sqlc.New(tx).DropNonces(ctx, db.Micros(now.Add(-NonceLife)))
		return err
	})
	if err != nil {
		return fmt.Errorf("forget nonces: %w", err)
	}
	return nil
}
