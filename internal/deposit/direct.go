package deposit

import (
	"context"
	"errors"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/risk"
	"github.com/skinrail/skinrail/internal/steam"
)

// Prices reads a payer's items of a game with what they count for now; no quote
// is kept. It returns [fault.PayerNotReady] with the reason private, trade_url,
// escrow or trade_ban, and [fault.SteamUnavailable].
func (s *Service) Prices(ctx context.Context, p Payer, app steam.AppID, multiplier money.Rate, now time.Time) (Quote, error) {
	q, err := s.pricesNow(ctx, p, app, multiplier, now)
	if err != nil {
		return Quote{}, err
	}
	return q, s.DB.Write(ctx, func(tx *db.Tx) error { return s.seen(ctx, tx, p, app, q, now) })
}

// pricesNow is [Service.Prices] without a trace.
func (s *Service) pricesNow(ctx context.Context, p Payer, app steam.AppID, multiplier money.Rate, now time.Time) (Quote, error) {
	if err := s.Steam.Preflight(ctx, p.ID, p.Token); err != nil {
		return Quote{}, err
	}
	return s.look(ctx, p, app, multiplier, now)
}

// seen keeps what a payer's inventory was worth.
func (s *Service) seen(ctx context.Context, tx *db.Tx, p Payer, app steam.AppID, q Quote, now time.Time) error {
	return s.Risk.SeenTx(ctx, tx, p.ID, risk.Inventory{App: app, Worth: q.worth(), Seen: now})
}

// OpenChosen opens a deposit for a payer's items at their prices now and wants
// its trade, in one commit. There is no link: when the offer cannot be made the
// deposit ends. Refusals, in this order, without any effect: [fault.Duplicate],
// [fault.PayerNotReady], [fault.ItemUnavailable] and [fault.InvalidRequest] for
// a sum below the game's least; [fault.SteamUnavailable], [fault.LimitReached].
func (s *Service) OpenChosen(ctx context.Context, r Request, app steam.AppID, assetIDs []string, now time.Time, follow ...Follow) (Deposit, error) {
	if _, err := s.FindByOrder(ctx, r.Project.ID, r.OrderID); !errors.Is(err, fault.NotFound) {
		if err == nil {
			err = fault.New(fault.Duplicate, "order %q exists", r.OrderID)
		}
		return Deposit{}, err
	}
	d, err := s.opened(r, now)
	if err != nil {
		return Deposit{}, err
	}
	d.ExpiresAt = now
	payer := Payer{d.SteamID, d.TradeToken}
	q, err := s.pricesNow(ctx, payer, app, d.Multiplier, now)
	if err != nil {
		return Deposit{}, err
	}
	if _, err := pick(q, assetIDs); err != nil {
		_, detail := fault.Of(err)
		return Deposit{}, fault.New(fault.ItemUnavailable, "%s", detail)
	}
	next, err := s.chosen(d, q, assetIDs)
	if err != nil {
		return Deposit{}, err
	}
	bot, err := s.Fleet.ChooseReceiver(ctx, app, len(next.Items), next.Amount)
	if err != nil {
		return Deposit{}, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := withinUnsettled(ctx, tx, r.Project, next); err != nil {
			return err
		}
		d.CreatedAt = now
		if err := s.seen(ctx, tx, payer, app, q, now); err != nil {
			return err
		}
		if err := insert(ctx, tx, &d); err != nil {
			return err
		}
		next.ID, next.CreatedAt = d.ID, d.CreatedAt
		if err := s.want(ctx, tx, d, &next, bot.ID, now); err != nil {
			return err
		}
		return after(tx, next, follow)
	})
	if err != nil {
		return Deposit{}, openError(r, err)
	}
	return next, nil
}

// GiveUp is for a merchant who has waited too long for the offer: one that is
// made later is withdrawn, unless the payer was faster and accepted it. It
// reports false when the offer is with the payer already, or the deposit has
// moved on.
func (s *Service) GiveUp(ctx context.Context, d Deposit, now time.Time) (bool, error) {
	return s.Trades.GiveUp(ctx, d.TradeID, now)
}
