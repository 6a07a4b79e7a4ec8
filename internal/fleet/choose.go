package fleet

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/fleet/sqlc"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/steam"
)

// RoomPerGame is how many items of a game one inventory takes (CS2: 1,000),
// those under trade protection included.
const RoomPerGame = 1000

// OffersPerBot is how many offers a bot has open at once when its operator sets
// no limit: Steam takes about 30.
const OffersPerBot = 25

// NoBot is the detail of [fault.SteamUnavailable] when no bot has room or works.
const NoBot = "no bot can take these items now"

// Limits are what an operator trusts a bot with. Zero: no limit of his.
type Limits struct {
	Games []steam.AppID // that it receives
	Open  int64         // offers at once
	Worth money.Amount  // of what it may hold
}

// Slots is how many offers a bot may have open at once.
func (b Bot) Slots() int64 {
	if b.Limits.Open > 0 {
		return b.Limits.Open
	}
	return OffersPerBot
}

// Load is what a bot has out and holds.
type Load struct {
	Open   int64        // offers that are wanted or out
	Coming int64        // items of the game in them
	Held   int64        // items of the game
	Worth  money.Amount // of all games
}

// loads is the load of each bot, for one game.
func (s *Service) loads(ctx context.Context, app steam.AppID) (map[steam.ID64]Load, error) {
	rows, err := sqlc.New(s.db.Read()).Loads(ctx, int64(app))
	if err != nil {
		return nil, fmt.Errorf("load of the bots: %w", err)
	}
	loads := map[steam.ID64]Load{}
	for _, r := range rows {
		id, err := steam.ParseID64(r.SteamID)
		if err != nil {
			return nil, err
		}
		loads[id] = Load{Open: r.Out, Coming: r.Coming, Held: r.Held, Worth: money.Amount(r.Worth)}
	}
	return loads, nil
}

// takes reports whether a bot can receive n items of a game that are worth so
// much.
func (b Bot) takes(l Load, app steam.AppID, n int, worth money.Amount) bool {
	switch {
	case !b.Enabled || !b.Health.Works():
		return false
	case len(b.Limits.Games) > 0 && !slices.Contains(b.Limits.Games, app):
		return false
	case b.Limits.Worth > 0 && (worth > b.Limits.Worth || l.Worth > b.Limits.Worth-worth):
		return false
	}
	return l.Held+l.Coming+int64(n) <= RoomPerGame
}

// ChooseReceiver picks the bot that takes n items of a game, worth so much
// together: one that may and can, with a free slot for an offer before one
// without, then with the fewest offers out, then with the least in its hands,
// so that what is lost with one account is a part of it all. None is
// [fault.SteamUnavailable]; while all are stopped it is [fault.Maintenance].
func (s *Service) ChooseReceiver(ctx context.Context, app steam.AppID, n int, worth money.Amount) (Bot, error) {
	bots, err := s.Bots(ctx)
	if err != nil {
		return Bot{}, err
	}
	if AllStopped(bots) {
		return Bot{}, fault.New(fault.Maintenance, "all sending is stopped")
	}
	loads, err := s.loads(ctx, app)
	if err != nil {
		return Bot{}, err
	}
	bots = slices.DeleteFunc(bots, func(b Bot) bool { return !b.takes(loads[b.ID], app, n, worth) })
	if len(bots) == 0 {
		return Bot{}, fault.New(fault.SteamUnavailable, NoBot)
	}
	return slices.MinFunc(bots, func(a, b Bot) int { return rank(a, loads[a.ID], b, loads[b.ID]) }), nil
}

// AllStopped reports that an operator has stopped all there are.
func AllStopped(bots []Bot) bool {
	return len(bots) > 0 && !slices.ContainsFunc(bots, func(b Bot) bool { return !b.Stopped })
}

func rank(a Bot, la Load, b Bot, lb Load) int {
	if free, other := la.Open < a.Slots(), lb.Open < b.Slots(); free != other {
		if free {
			return -1
		}
		return 1
	}
	if la.Open != lb.Open {
		return cmp.Compare(la.Open, lb.Open)
	}
	return cmp.Compare(la.Worth, lb.Worth)
}

// SetLimits stores what an operator trusts a bot with. An unknown bot is
// [fault.NotFound].
func (s *Service) SetLimits(ctx context.Context, id steam.ID64, l Limits) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		n, err := sqlc.New(tx).SetLimits(ctx, sqlc.SetLimitsParams{Games: joinApps(l.Games), MaxOpen: l.Open, MaxWorth: int64(l.Worth), SteamID: id.String()})
		if err == nil && n == 0 {
			return fault.New(fault.NotFound, "no bot %s", id)
		}
		return err
	})
}

func joinApps(apps []steam.AppID) string {
	var out []string
	for _, a := range apps {
		out = append(out, strconv.FormatUint(uint64(a), 10))
	}
	return strings.Join(out, ",")
}

// splitApps reads what joinApps wrote.
func splitApps(text string) (apps []steam.AppID) {
	for part := range strings.SplitSeq(text, ",") {
		if n, err := strconv.ParseUint(part, 10, 32); err == nil {
			apps = append(apps, steam.AppID(n))
		}
	}
	return apps
}

// Holding is what a bot holds of a game.
type Holding struct {
	Bot   steam.ID64
	App   steam.AppID
	Items int64
	Worth money.Amount
}

// Holdings lists what all bots hold, as read last.
func (s *Service) Holdings(ctx context.Context) ([]Holding, error) {
	rows, err := sqlc.New(s.db.Read()).HeldByGame(ctx)
	if err != nil {
		return nil, fmt.Errorf("holdings of the bots: %w", err)
	}
	all := make([]Holding, 0, len(rows))
	for _, r := range rows {
		id, err := steam.ParseID64(r.Bot)
		if err != nil {
			return nil, err
		}
		all = append(all, Holding{id, steam.AppID(r.App), r.Items, money.Amount(r.Worth)}) // #nosec G115 -- written from an AppID
	}
	return all, nil
}

// Open is how many offers each bot has wanted or out.
func (s *Service) Open(ctx context.Context) (map[steam.ID64]Load, error) { return s.loads(ctx, 0) }
