package skinsback

import (
	"time"

	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/steam"
)

// Forms of times in user_risk, which are not unix seconds.
const (
	riskTime  = "2006-01-02 15:04:05"
	microTime = "2006-01-02T15:04:05.000000Z"
)

// riskGames are the games of user_inventory, in the order of the contract.
var riskGames = []struct {
	app  steam.AppID
	name string
}{{steam.CS2, "cs2"}, {steam.Dota2, "dota2"}, {steam.Rust, "rust"}}

// riskMember is what a merchant of the approval scheme hears of a payer whose
// items are held. An object is not signed, so it may hold a null; a game that
// was never looked at is left out.
func riskMember(r deposit.Risk) member {
	last := member{name: "last_deposit_at", kind: null}
	if r.Last != 0 {
		last = textMember("last_deposit_at", utc(r.Last).Format(riskTime))
	}
	games := member{name: "user_inventory", kind: object}
	for _, g := range riskGames {
		for _, i := range r.Inventories {
			if i.App == g.app {
				games.below = append(games.below, member{name: g.name, kind: object, below: []member{
					textMember("last_updated_at", time.UnixMicro(i.Seen).UTC().Format(microTime)), numberMember("sum", i.Worth.Text(0))}})
			}
		}
	}
	return member{name: "user_risk", kind: object, below: []member{
		integerMember("total_deposits_count", r.Deposits),
		numberMember("total_deposits_sum", r.DepositsSum.Text(0)),
		integerMember("total_rollback_deposits_count", r.Rollbacks),
		numberMember("total_rollback_deposits_sum", r.RollbacksSum.Text(0)),
		textMember("joined_at", utc(r.Joined).Format(riskTime)),
		last,
		games,
	}}
}

func utc(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }
