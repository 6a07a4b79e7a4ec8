package bot

import (
	"context"
	"errors"
	"sync"

	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/steam"
)

// Why a payer is not ready; the detail of [fault.PayerNotReady].
const (
	NotReadyTradeURL = "trade_url"
	NotReadyEscrow   = "escrow"
	NotReadyBan      = "trade_ban"
	NotReadyPrivate  = "private"
)

// Desk answers what rooms and pages ask about Steam users, through whichever
// bot is there. It may be used concurrently.
type Desk struct {
	mu      sync.RWMutex
	clients []steam.Client
}

// Staff names the accounts that may be asked, in order of preference.
func (d *Desk) Staff(clients []steam.Client) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.clients = clients
}

// ask tries the bots one after another until one can reach Steam.
func (d *Desk) ask(ctx context.Context, f func(steam.Client) error) error {
	d.mu.RLock()
	clients := d.clients
	d.mu.RUnlock()
	for _, c := range clients {
		err := c.Login(ctx)
		if err == nil {
			err = f(c)
		}
		if err == nil || answered(err) {
			return err
		}
	}
	return fault.New(fault.SteamUnavailable, "Steam does not answer just now")
}

// answered tells errors that are Steam's answer from those of reaching it.
func answered(err error) bool {
	return errors.Is(err, steam.ErrPrivate) || errors.Is(err, steam.ErrTradeURL) || errors.Is(err, steam.ErrNotFound)
}

// PayerInventory reads a payer's tradable items: with a trade token as a
// trading partner sees them, else as anybody does.
func (d *Desk) PayerInventory(ctx context.Context, payer steam.ID64, token string, app steam.AppID) ([]steam.Item, error) {
	var items []steam.Item
	err := d.ask(ctx, func(c steam.Client) (err error) {
		if token != "" {
			items, err = c.PartnerInventory(ctx, payer, token, app, steam.ContextMain)
		} else {
			items, err = c.Inventory(ctx, payer, app, steam.ContextMain)
		}
		return err
	})
	return items, notReady(err)
}

// Preflight tells whether trades with a payer would go through.
func (d *Desk) Preflight(ctx context.Context, payer steam.ID64, token string) error {
	var held steam.Escrow
	var bans steam.Bans
	err := d.ask(ctx, func(c steam.Client) (err error) {
		if held, err = c.HoldDurations(ctx, payer, token); err != nil {
			return err
		}
		bans, err = c.Bans(ctx, payer)
		return err
	})
	switch {
	case err != nil:
		return notReady(err)
	case bans.Economy != "" && bans.Economy != "none":
		return fault.New(fault.PayerNotReady, NotReadyBan)
	case held.Theirs > 0 || held.Both > 0:
		return fault.New(fault.PayerNotReady, NotReadyEscrow)
	}
	return nil
}

func notReady(err error) error {
	switch {
	case errors.Is(err, steam.ErrTradeURL):
		return fault.New(fault.PayerNotReady, NotReadyTradeURL)
	case errors.Is(err, steam.ErrPrivate):
		return fault.New(fault.PayerNotReady, NotReadyPrivate)
	}
	return err
}

// Profile is an account's public face and level; a level that Steam does not
// tell is 0.
func (d *Desk) Profile(ctx context.Context, id steam.ID64) (steam.Summary, int, error) {
	var s steam.Summary
	var level int
	err := d.ask(ctx, func(c steam.Client) (err error) {
		if s, err = c.Summary(ctx, id); err == nil {
			level, _ = c.Level(ctx, id)
		}
		return err
	})
	return s, level, err
}
