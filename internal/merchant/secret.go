package merchant

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/merchant/sqlc"
	"github.com/skinrail/skinrail/internal/seal"
)

// Slots of a purpose: the secret in force, and the one before it while it is
// being rotated.
const (
	slotNew = 0
	slotOld = 1
)

// row is what a sealed secret is bound to.
func row(project int64, purpose Purpose, slot int64) string {
	return fmt.Sprintf("project/%d/%s/%d", project, purpose, slot)
}

// newSecret makes a secret of 192 random bits, in the form of its purpose:
// Standard Webhooks libraries read whsec_ and base64.
func newSecret(purpose Purpose) string {
	var raw [24]byte
	_, _ = rand.Read(raw[:]) // never fails: the runtime ends the program instead
	if purpose == Webhook {
		return "whsec_" + base64.StdEncoding.EncodeToString(raw[:])
	}
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// Rotate makes a new secret for a purpose. The one in force becomes the old
// one and stays valid until [Service.Retire]. It returns [fault.WrongState]
// while an earlier rotation has not ended and [fault.NotFound] when there is no
// such project.
func (s *Service) Rotate(ctx context.Context, project int64, purpose Purpose, now time.Time) (Secrets, error) {
	fresh := newSecret(purpose)
	err := s.db.Write(ctx, func(tx *db.Tx) error { return s.rotateTx(ctx, tx, project, purpose, fresh, now) })
	if err != nil {
		return Secrets{}, err
	}
	s.cache.drop()
	return s.Secrets(ctx, project)
}

func (s *Service) rotateTx(ctx context.Context, tx *db.Tx, project int64, purpose Purpose, fresh string, now time.Time) error {
	q := sqlc.New(tx)
	r, err := q.Secret(ctx, sqlc.SecretParams{ProjectID: project, Purpose: string(purpose)})
	if errors.Is(err, sql.ErrNoRows) {
		return fault.New(fault.NotFound, "no %s secret of project %d", purpose, project)
	}
	if err != nil {
		return fmt.Errorf("rotate secret: %w", err)
	}
	plain, err := s.box.Open(r.Sealed, row(project, purpose, slotNew))
	if err != nil {
		return fmt.Errorf("rotate secret: %w", err)
	}
	n, err := s.insertSecret(ctx, tx, project, purpose, slotOld, string(plain), r.CreatedAt)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.WrongState, "the %s secret of project %d is being rotated", purpose, project)
	}
	made := max(db.Micros(now), r.CreatedAt+1) // the time tells two secrets apart
	n, err = q.ReplaceSecret(ctx, sqlc.ReplaceSecretParams{Sealed: s.box.Seal([]byte(fresh), row(project, purpose, slotNew)),
		CreatedAt: made, ProjectID: project, Purpose: string(purpose), Replaced: r.CreatedAt})
	if err != nil {
		return fmt.Errorf("rotate secret: %w", err)
	}
	if n == 0 { // a rotation has begun and ended since it was read
		return fault.New(fault.WrongState, "the %s secret of project %d was just rotated", purpose, project)
	}
	return bump(ctx, tx)
}

// Retire ends a rotation: the old secret of a purpose is gone. Without one it
// does nothing.
func (s *Service) Retire(ctx context.Context, project int64, purpose Purpose) error {
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		n, err := sqlc.New(tx).DeleteOldSecret(ctx, sqlc.DeleteOldSecretParams{ProjectID: project, Purpose: string(purpose)})
		if err != nil || n == 0 {
			return err
		}
		return bump(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("retire secret: %w", err)
	}
	s.cache.drop()
	return nil
}

// MaxRotation is how long two secrets may be valid at once (G15): what is older
// was forgotten.
const MaxRotation = 30 * 24 * time.Hour

// Rotation is a secret whose predecessor is still valid.
type Rotation struct {
	Project int64
	Purpose Purpose
	Since   time.Time
}

// Rotations lists the rotations that [Service.Retire] has not ended, the oldest
// first.
func (s *Service) Rotations(ctx context.Context) ([]Rotation, error) {
	rows, err := sqlc.New(s.db.Read()).Rotations(ctx)
	if err != nil {
		return nil, fmt.Errorf("rotations: %w", err)
	}
	all := make([]Rotation, 0, len(rows))
	for _, r := range rows {
		all = append(all, Rotation{r.ProjectID, Purpose(r.Purpose), db.Time(r.CreatedAt)})
	}
	return all, nil
}

func (s *Service) insertSecret(ctx context.Context, tx *db.Tx, project int64, purpose Purpose, slot int64, plain string, made int64) (int64, error) {
	n, err := sqlc.New(tx).InsertSecret(ctx, sqlc.InsertSecretParams{ProjectID: project, Purpose: string(purpose), Slot: slot,
		Sealed: s.box.Seal([]byte(plain), row(project, purpose, slot)), CreatedAt: made})
	if err != nil {
		return 0, fmt.Errorf("store secret: %w", err)
	}
	return n, nil
}

func (s *Service) openSecrets(ctx context.Context, q db.Querier, project int64) (Secrets, error) {
	rows, err := sqlc.New(q).Secrets(ctx, project)
	if err != nil {
		return Secrets{}, fmt.Errorf("secrets of project %d: %w", project, err)
	}
	if len(rows) == 0 {
		return Secrets{}, fault.New(fault.NotFound, "no project %d", project)
	}
	var k Secrets
	for _, r := range rows {
		plain, err := s.box.Open(r.Sealed, row(project, Purpose(r.Purpose), r.Slot))
		if err != nil {
			return Secrets{}, fmt.Errorf("secrets of project %d: %w", project, err)
		}
		k.set(Purpose(r.Purpose), r.Slot, seal.Secret(plain), db.Time(r.CreatedAt))
		k.ClientUsed = k.ClientUsed || r.UsedAt != 0 && Purpose(r.Purpose) == Client && r.Slot == slotNew
	}
	return k, nil
}

func (k *Secrets) set(purpose Purpose, slot int64, secret seal.Secret, made time.Time) {
	switch {
	case purpose == Client && slot == slotNew:
		k.Client, k.ClientAt = secret, made
	case purpose == Client:
		k.ClientOld, k.ClientOldAt = secret, made
	case slot == slotNew:
		k.Webhook = secret
	default:
		k.WebhookOld = secret
	}
}

// Remade are the new secrets of a project.
type Remade struct {
	Project         int64
	Client, Webhook seal.Secret
}

// RemakeTx gives every project new secrets, after the key of the old ones is
// lost. Nothing of the old ones is valid any more, nor opened for it.
func (s *Service) RemakeTx(ctx context.Context, tx *db.Tx, now time.Time) ([]Remade, error) {
	q := sqlc.New(tx)
	projects, err := q.Projects(ctx)
	if err != nil {
		return nil, fmt.Errorf("remake secrets: %w", err)
	}
	if err := q.DropSecrets(ctx); err != nil {
		return nil, fmt.Errorf("remake secrets: %w", err)
	}
	made := make([]Remade, 0, len(projects))
	for _, p := range projects {
		m := Remade{p.ID, seal.Secret(newSecret(Client)), seal.Secret(newSecret(Webhook))}
		for purpose, secret := range map[Purpose]seal.Secret{Client: m.Client, Webhook: m.Webhook} {
			if _, err := s.insertSecret(ctx, tx, p.ID, purpose, slotNew, secret.Reveal(), db.Micros(now)); err != nil {
				return nil, err
			}
		}
		made = append(made, m)
	}
	return made, bump(ctx, tx)
}
