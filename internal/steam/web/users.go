package web

import (
	"context"
	"net/url"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
)

// longestHold, in seconds, bounds a hold that Steam reports: more is no answer.
const longestHold = 10 * 365 * 24 * 3600

type hold struct {
	Seconds *number `json:"escrow_end_duration_seconds"`
}

func (h *hold) duration() (time.Duration, error) {
	if h == nil || h.Seconds == nil || *h.Seconds < 0 || *h.Seconds > longestHold {
		return 0, malformed("the length of a hold")
	}
	return time.Duration(*h.Seconds) * time.Second, nil
}

// HoldDurations is the pre-flight check before every offer. A wrong token is
// [steam.ErrTradeURL]. An answer without both sides' holds is an error: absent
// must not pass for none.
func (c *Client) HoldDurations(ctx context.Context, partner steam.ID64, token string) (steam.Escrow, error) {
	query := url.Values{"steamid_target": {partner.String()}}
	if token != "" {
		query.Set("trade_offer_access_token", token)
	}
	var out steam.Escrow
	err := c.get(ctx, "/IEconService/GetTradeHoldDurations/v1/", query, func(a answer) (err error) {
		out, err = decodeHolds(a)
		return err
	})
	return out, err
}

func decodeHolds(a answer) (steam.Escrow, error) {
	response, err := econResponse(a)
	if err == resultError(steam.ResultAccessDenied) {
		return steam.Escrow{}, steam.ErrTradeURL
	}
	if err != nil {
		return steam.Escrow{}, err
	}
	var wire struct {
		Mine   *hold `json:"my_escrow"`
		Theirs *hold `json:"their_escrow"`
		Both   *hold `json:"both_escrow"`
	}
	if err := decode(response, &wire); err != nil {
		return steam.Escrow{}, err
	}
	var e steam.Escrow
	if e.Mine, err = wire.Mine.duration(); err != nil {
		return steam.Escrow{}, err
	}
	if e.Theirs, err = wire.Theirs.duration(); err != nil {
		return steam.Escrow{}, err
	}
	if wire.Both == nil {
		e.Both = max(e.Mine, e.Theirs)
		return e, nil
	}
	e.Both, err = wire.Both.duration()
	return e, err
}

// Bans reports whether the account may trade; an account that Steam does not
// list is [steam.ErrNotFound].
func (c *Client) Bans(ctx context.Context, id steam.ID64) (steam.Bans, error) {
	var out steam.Bans
	err := c.get(ctx, "/ISteamUser/GetPlayerBans/v1/", url.Values{"steamids": {id.String()}}, func(a answer) (err error) {
		out, err = decodeBans(a.body, id)
		return err
	})
	return out, err
}

func decodeBans(body []byte, id steam.ID64) (steam.Bans, error) {
	var wire struct {
		Players *list[struct {
			ID        text   `json:"SteamId"`
			Community number `json:"CommunityBanned"`
			VAC       number `json:"VACBanned"`
			Economy   text   `json:"EconomyBan"`
		}] `json:"players"`
	}
	if err := decode(body, &wire); err != nil {
		return steam.Bans{}, err
	}
	if wire.Players == nil {
		return steam.Bans{}, malformed("players")
	}
	for _, p := range *wire.Players {
		if string(p.ID) != id.String() {
			continue
		}
		if p.Economy == "" {
			return steam.Bans{}, malformed("the trade ban")
		}
		return steam.Bans{Community: p.Community != 0, VAC: p.VAC != 0, Economy: string(p.Economy)}, nil
	}
	return steam.Bans{}, steam.ErrNotFound
}

// Summary is the public profile; an account that Steam does not list is
// [steam.ErrNotFound].
func (c *Client) Summary(ctx context.Context, id steam.ID64) (steam.Summary, error) {
	var out steam.Summary
	err := c.get(ctx, "/ISteamUser/GetPlayerSummaries/v2/", url.Values{"steamids": {id.String()}}, func(a answer) (err error) {
		out, err = decodeSummary(a.body, id)
		return err
	})
	return out, err
}

func decodeSummary(body []byte, id steam.ID64) (steam.Summary, error) {
	const public = 3
	var wire struct {
		Response struct {
			Players *list[struct {
				ID         text   `json:"steamid"`
				Name       text   `json:"personaname"`
				Avatar     text   `json:"avatarfull"`
				Visibility number `json:"communityvisibilitystate"`
				Created    moment `json:"timecreated"`
			}] `json:"players"`
		} `json:"response"`
	}
	if err := decode(body, &wire); err != nil {
		return steam.Summary{}, err
	}
	if wire.Response.Players == nil {
		return steam.Summary{}, malformed("players")
	}
	for _, p := range *wire.Response.Players {
		if string(p.ID) == id.String() {
			return steam.Summary{
				ID: id, Name: string(p.Name), Avatar: string(p.Avatar),
				Public: p.Visibility == public, Created: p.Created.Time,
			}, nil
		}
	}
	return steam.Summary{}, steam.ErrNotFound
}

// Level is the account's Steam level; 0 when Steam does not show one.
func (c *Client) Level(ctx context.Context, id steam.ID64) (int, error) {
	var level int
	err := c.get(ctx, "/IPlayerService/GetSteamLevel/v1/", url.Values{"steamid": {id.String()}}, func(a answer) error {
		var wire struct {
			Response *struct {
				Level number `json:"player_level"`
			} `json:"response"`
		}
		if err := decode(a.body, &wire); err != nil {
			return err
		}
		if wire.Response == nil || wire.Response.Level < 0 || wire.Response.Level > 1<<31 {
			return malformed("a level")
		}
		level = int(wire.Response.Level)
		return nil
	})
	return level, err
}
