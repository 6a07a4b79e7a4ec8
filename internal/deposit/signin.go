package deposit

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/deposit/sqlc"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/steam"
)

// signinLife is how long a payer may take on Steam's page.
const signinLife = 15 * time.Minute

// BeginSignin makes the one-time state of a sign-in, bound to the browser's
// cookie (Q5). Only the cookie's hash is stored.
func (s *Service) BeginSignin(ctx context.Context, hash, cookie string, now time.Time) (string, error) {
	d, err := s.ByHash(ctx, hash)
	if err != nil {
		return "", err
	}
	if d.State != Open {
		return "", fault.New(fault.WrongState, "the deposit is %s", d.State)
	}
	var b [24]byte
	_, _ = s.Random.Read(b[:])
	state := base64.RawURLEncoding.EncodeToString(b[:])
	return state, s.DB.Write(ctx, func(tx *db.Tx) error {
		return sqlc.New(tx).InsertSignin(ctx, sqlc.InsertSigninParams{State: state, DepositID: d.ID,
			Cookie: digest(cookie), ExpiresAt: db.Micros(now.Add(signinLife))})
	})
}

// FinishSignin makes the account that Steam has proven the deposit's payer and
// returns the deposit. State and nonce are good once: anything else is
// [fault.Unauthorized].
func (s *Service) FinishSignin(ctx context.Context, state, cookie, nonce string, id steam.ID64, now time.Time) (Deposit, error) {
	var d Deposit
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		q := sqlc.New(tx)
		depositID, err := q.TakeSignin(ctx, sqlc.TakeSigninParams{State: state, Cookie: digest(cookie), ExpiresAt: db.Micros(now)})
		if errors.Is(err, sql.ErrNoRows) {
			return fault.New(fault.Unauthorized, "this sign-in was not started here, or is over")
		}
		if err != nil {
			return err
		}
		if err := q.InsertNonce(ctx, sqlc.InsertNonceParams{Nonce: nonce, At: db.Micros(now)}); err != nil {
			if db.IsUnique(err) {
				return fault.New(fault.Unauthorized, "this sign-in was used before")
			}
			return err
		}
		row, err := q.ByID(ctx, depositID)
		if d, err = s.full(ctx, tx, row, err); err != nil {
			return err
		}
		return setPayer(ctx, tx, &d, id, true)
	})
	if err != nil {
		return Deposit{}, fmt.Errorf("finish sign-in: %w", err)
	}
	return d, nil
}

// NonceLife is how long the nonce of a sign-in is remembered: longer than Steam's
// answer is believed, which is minutes, by any clock.
const NonceLife = 24 * time.Hour

// DropNonces forgets nonces that were used before a moment.
func (s *Service) DropNonces(ctx context.Context, before time.Time) error {
	err := s.DB.Write(ctx, func(tx *db.Tx) error { return sqlc.New(tx).DropNonces(ctx, db.Micros(before)) })
	if err != nil {
		return fmt.Errorf("forget nonces of sign-ins: %w", err)
	}
	return nil
}

func digest(cookie string) string {
	sum := sha256.Sum256([]byte(cookie))
	return hex.EncodeToString(sum[:])
}

// SetPayer names the payer without a proof, as a merchant's prefilled account
// does; 0 forgets him. Only an open deposit takes it ([fault.WrongState]).
func (s *Service) SetPayer(ctx context.Context, hash string, id steam.ID64) (Deposit, error) {
	d, err := s.ByHash(ctx, hash)
	if err != nil {
		return Deposit{}, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error { return setPayer(ctx, tx, &d, id, false) })
	return d, err
}

// setPayer forgets the trade URL of another account.
func setPayer(ctx context.Context, tx *db.Tx, d *Deposit, id steam.ID64, proven bool) error {
	token := d.TradeToken
	if d.SteamID != id {
		token = ""
	}
	n, err := sqlc.New(tx).SetPayer(ctx, sqlc.SetPayerParams{SteamID: idText(id), SignedIn: proven, TradeToken: token, Hash: d.Hash})
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.WrongState, "the deposit is %s", d.State)
	}
	d.SteamID, d.SignedIn, d.TradeToken = id, proven, token
	return nil
}

// SetTradeURL keeps the token of the payer's trade URL after Steam has said
// that trades with him go through. A URL of another account is
// [fault.InvalidRequest].
func (s *Service) SetTradeURL(ctx context.Context, hash string, u steam.TradeURL) (Deposit, error) {
	d, err := s.ByHash(ctx, hash)
	if err != nil {
		return Deposit{}, err
	}
	if u.Partner != d.SteamID {
		return d, fault.New(fault.InvalidRequest, "this trade url belongs to another account")
	}
	if err := s.Steam.Preflight(ctx, u.Partner, u.Token); err != nil {
		return d, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		n, err := sqlc.New(tx).SetToken(ctx, sqlc.SetTokenParams{TradeToken: u.Token, Hash: hash, SteamID: u.Partner.String()})
		if err == nil && n == 0 {
			return fault.New(fault.WrongState, "the deposit is %s", d.State)
		}
		return err
	})
	d.TradeToken = u.Token
	return d, err
}
