package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/steam"
)

// steam calls the simulated Steam's control and wakes the bots, who may have
// something to see. What it refuses is an error of type failed.
func (d *Door) steam(ctx context.Context, method, path string, body []byte) (json.RawMessage, error) {
	r, err := http.NewRequestWithContext(ctx, method, d.SteamURL()+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("call the simulated Steam: %w", err)
	}
	a, err := d.HTTP.Do(r)
	if err != nil {
		return nil, fault.New(fault.SteamUnavailable, "the simulated Steam does not answer: %v", err)
	}
	defer a.Body.Close()
	data, err := io.ReadAll(io.LimitReader(a.Body, 64<<20))
	if err != nil {
		return nil, fault.New(fault.SteamUnavailable, "the simulated Steam does not answer: %v", err)
	}
	if a.StatusCode/100 != 2 {
		return nil, failed{a.StatusCode, data}
	}
	d.Kick()
	if len(data) == 0 {
		data = []byte("{}")
	}
	return data, nil
}

// steamWorld is the world in the simulated Steam's own words.
type steamWorld struct {
	Accounts []steamAccount `json:"accounts"`
}

type steamAccount struct {
	SteamID          steam.ID64 `json:"steam_id"`
	AccountName      string     `json:"account_name"`
	Password         string     `json:"password"`
	SharedSecret     string     `json:"shared_secret"`
	IdentitySecret   string     `json:"identity_secret"`
	TradeToken       string     `json:"trade_token"`
	Persona          string     `json:"persona"`
	Behaviour        string     `json:"behaviour"`
	ReverseAfter     string     `json:"reverse_after"`
	InventoryPrivate bool       `json:"inventory_private"`
	TradeBan         bool       `json:"trade_ban"`
	CannotTrade      bool       `json:"cannot_trade"`
	EscrowDays       int        `json:"escrow_days"`
	Standing
	Items []steamItem `json:"items"`
}

type steamItem struct {
	App   steam.AppID `json:"app"`
	Name  string      `json:"name"`
	Count int         `json:"count"`
	Phase string      `json:"phase"`

	Pattern *int   `json:"pattern"`
	Wear    string `json:"wear"`
}

// steamNow is the world as Steam has it now.
func (d *Door) steamNow(ctx context.Context) (steamWorld, error) {
	data, err := d.steam(ctx, http.MethodGet, "/sim/world", nil)
	if err != nil {
		return steamWorld{}, err
	}
	var w steamWorld
	if err := json.Unmarshal(data, &w); err != nil {
		return steamWorld{}, fmt.Errorf("world of the simulated Steam: %w", err)
	}
	return w, nil
}

// showWorld is the world now, in the form of a world file.
func (d *Door) showWorld(r *http.Request) (any, error) {
	ctx := r.Context()
	w, err := d.steamNow(ctx)
	if err != nil {
		return nil, err
	}
	f := d.World
	f.Start = d.Clock.Now().Format("2006-01-02T15:04:05Z07:00")
	if f.Projects, err = d.projects(ctx); err != nil {
		return nil, err
	}
	bots := map[string]bool{}
	for _, a := range d.World.Accounts {
		bots[a.SteamID] = a.Role == "bot"
	}
	f.Accounts = nil
	for _, a := range w.Accounts {
		f.Accounts = append(f.Accounts, account(a, bots[a.SteamID.String()]))
	}
	return f, nil
}

func account(a steamAccount, bot bool) Account {
	out := Account{Role: "payer", SteamID: a.SteamID.String(), AccountName: a.AccountName, Password: a.Password,
		SharedSecret: a.SharedSecret, IdentitySecret: a.IdentitySecret, TradeToken: a.TradeToken, Persona: a.Persona,
		Behaviour: a.Behaviour, InventoryPrivate: a.InventoryPrivate, TradeBan: a.TradeBan, CannotTrade: a.CannotTrade,
		EscrowDays: a.EscrowDays, Standing: a.Standing, Items: []Item{}}
	if bot {
		out.Role = "bot"
	}
	if a.Behaviour == AcceptThenReverse {
		out.ReverseAfter = a.ReverseAfter
	}
	for _, it := range a.Items {
		out.Items = append(out.Items, Item{Game: gameName(it.App), Name: it.Name, Count: it.Count, Phase: it.Phase, Pattern: it.Pattern, Wear: it.Wear})
	}
	return out
}
