package fleet

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/fleet/sqlc"
	"github.com/skinrail/skinrail/internal/steam"
)

// Health is the one reason why a bot can or cannot work.
type Health string

// The reasons, in words for the operator.
const (
	Starting  Health = "starting"
	Ready     Health = "ready"
	NoLogin   Health = "cannot log in"
	NoSteam   Health = "Steam does not answer"
	NoSession Health = "session expired"
	NeedsAck  Health = "needs acknowledgement"
	Cooldown  Health = "trade cooldown"
	Full      Health = "inventory full"
	Limited   Health = "rate limited by Steam"
	ClockOff  Health = "clock off"
)

// Healths lists all reasons.
func Healths() []Health {
	return []Health{Starting, Ready, NoLogin, NoSteam, NoSession, NeedsAck, Cooldown, Full, Limited, ClockOff}
}

// Works reports whether a bot in this health is chosen for deposits. A full one
// is, for items of other games.
func (h Health) Works() bool { return h == Ready || h == Full }

// advice is what an operator does about each reason.
var advice = map[Health]string{
	Starting:  "wait: the gateway has not used this bot yet; if this stays, is the gateway running?",
	NoLogin:   "check password and secrets with  skinrail bot login BOT; correct them with  skinrail bot add --replace",
	NoSteam:   "wait: it is tried again every few seconds; if only this bot stays so, check its network",
	NoSession: "wait: the bot logs in again by itself; if this stays, try  skinrail bot login BOT",
	NeedsAck:  "wait: the bot accepts Steam's trade-protection rules by itself; if this stays, sign in as the bot in a browser and accept them there",
	Cooldown:  "give it no new orders until then:  skinrail bot drain BOT; Steam lets it trade again by itself; do not log in from new devices or change its authenticator",
	Full:      "move items away or sell them; the bot still gives items and takes those of other games",
	Limited:   "wait: more requests prolong it; if it comes often, run fewer bots on this address",
	ClockOff:  "set this machine's clock (NTP): the bot takes no new deposits until then",
}

// Advice is what to do about a bot's reason; empty when nothing is wrong.
func (b Bot) Advice() string { return advice[b.Health] }

// Reason is the bot's health in one sentence, with its time or detail.
func (b Bot) Reason() string {
	switch {
	case (b.Health == Cooldown || b.Health == Limited) && !b.Until.IsZero():
		return string(b.Health) + " until " + b.Until.UTC().Format(time.RFC3339)
	case b.Health == ClockOff, b.Health == Full:
		return string(b.Health) + " " + b.Note
	}
	return string(b.Health)
}

// State is a bot's health to report.
type State struct {
	Health Health
	Note   string    // what Steam said; for ClockOff "by 5m0s", for Full the games
	Until  time.Time // when it ends by itself; zero: unknown
}

// In reports whether the bot, as it was read, is in that state.
func (b Bot) In(s State) bool {
	return b.Health == s.Health && b.Note == s.Note && db.Micros(b.Until) == db.Micros(s.Until)
}

// Report stores a bot's health when it changed, without an end.
func (s *Service) Report(ctx context.Context, id steam.ID64, h Health, note string, now time.Time) error {
	return s.ReportState(ctx, id, State{Health: h, Note: note}, now)
}

// ReportState stores a bot's health when it changed. One that is as it was costs a
// read: a bot reports after each step.
func (s *Service) ReportState(ctx context.Context, id steam.ID64, h State, now time.Time) error {
	b, err := sqlc.New(s.db.Read()).Bot(ctx, id.String())
	if err == nil && b.Health == string(h.Health) && b.HealthNote == h.Note && b.HealthUntil == db.Micros(h.Until) {
		return nil
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		_, err := sqlc.New(tx).SetHealth(ctx, sqlc.SetHealthParams{Health: string(h.Health), HealthNote: h.Note,
			HealthUntil: db.Micros(h.Until), HealthAt: db.Micros(now), SteamID: id.String()})
		return err
	})
}

// How long a bot may be without work before somebody is asked whether it was
// forgotten (G15): draining or in quarantine, which outlasts Steam's holds and
// most cooldowns, and stopped with all others.
const (
	MaxOffDuty = 14 * 24 * time.Hour
	MaxStopped = 24 * time.Hour
)

// OffDuty is how long the bot has been kept from new work, and by how much that
// is too long, if it is positive; zero for one that is enabled.
func (b Bot) OffDuty(now time.Time) (lasts, tooLong time.Duration) {
	if b.Enabled {
		return 0, 0
	}
	limit := MaxOffDuty
	if b.Stopped {
		limit = MaxStopped
	}
	lasts = max(0, now.Sub(b.OnDutySince))
	return lasts, lasts - limit
}

// Enable lets a bot take new work, or drains it: it takes none and ends what it
// has. Either ends a quarantine. An unknown bot is [fault.NotFound].
func (s *Service) Enable(ctx context.Context, id steam.ID64, on bool, now time.Time) error {
	return s.setDuty(ctx, id, on, false, now)
}

// Quarantine stops a bot from taking work, sending and confirming, at the
// latest from its next step on. Its trades are still read and its offers
// withdrawn at their deadlines. An unknown bot is [fault.NotFound].
func (s *Service) Quarantine(ctx context.Context, id steam.ID64, now time.Time) error {
	return s.setDuty(ctx, id, false, true, now)
}

// Stop puts every bot into quarantine at once, and bots that are added later
// too, until [Service.Start]. It returns how many it stopped.
func (s *Service) Stop(ctx context.Context, now time.Time) (int64, error) {
	return s.all(ctx, now, (*sqlc.Queries).StopAll)
}

// Start ends [Service.Stop]: each bot does again what it did before, except for
// those that were given another duty meanwhile.
func (s *Service) Start(ctx context.Context, now time.Time) (int64, error) {
	return s.all(ctx, now, (*sqlc.Queries).StartAll)
}

func (s *Service) all(ctx context.Context, now time.Time, f func(*sqlc.Queries, context.Context, int64) (int64, error)) (n int64, err error) {
	err = s.db.Write(ctx, func(tx *db.Tx) (err error) {
		n, err = f(sqlc.New(tx), ctx, db.Micros(now))
		return err
	})
	s.Touch()
	return n, err
}

func (s *Service) setDuty(ctx context.Context, id steam.ID64, enabled, quarantined bool, now time.Time) error {
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		n, err := sqlc.New(tx).SetEnabled(ctx, sqlc.SetEnabledParams{Enabled: enabled, Quarantined: quarantined, DutyAt: db.Micros(now), SteamID: id.String()})
		if err == nil && n == 0 {
			return fault.New(fault.NotFound, "no bot %s", id)
		}
		return err
	})
	s.Touch()
	return err
}

// Bot is one bot; [fault.NotFound] when there is none of that id.
func (s *Service) Bot(ctx context.Context, id steam.ID64) (Bot, error) {
	row, err := sqlc.New(s.db.Read()).Bot(ctx, id.String())
	if errors.Is(err, sql.ErrNoRows) {
		return Bot{}, fault.New(fault.NotFound, "no bot %s", id)
	}
	if err != nil {
		return Bot{}, fmt.Errorf("bot %s: %w", id, err)
	}
	return fromRow(row)
}

// Replace stores new secrets of a bot and drops its session. The account's name
// must be the stored one; else, or when the bot is unknown, [fault.NotFound].
func (s *Service) Replace(ctx context.Context, id steam.ID64, account string, c Credentials) error {
	plain, err := c.plain()
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		n, err := sqlc.New(tx).SetSealed(ctx, sqlc.SetSealedParams{Sealed: s.box.Seal(plain, credentialsRow(id)), Session: []byte{},
			SteamID: id.String(), AccountName: account})
		if err == nil && n == 0 {
			return fault.New(fault.NotFound, "no bot %s with the account name %s", id, account)
		}
		return err
	})
}

// ErrForgotten is returned for a bot whose secrets went with a lost key.
var ErrForgotten = errors.New("its secrets are forgotten: give it them again with  skinrail bot add --replace")

// ForgetTx drops the secrets and sessions of all bots, after their key is lost.
// They stay with what they hold, and log in to nothing until [Service.Replace].
func (s *Service) ForgetTx(ctx context.Context, tx *db.Tx, now time.Time) error {
	err := sqlc.New(tx).ForgetSecrets(ctx, sqlc.ForgetSecretsParams{Nothing: []byte{}, Health: string(NoLogin), Note: ErrForgotten.Error(), At: db.Micros(now)})
	if err != nil {
		return fmt.Errorf("forget secrets of bots: %w", err)
	}
	return nil
}

func (c Credentials) plain() ([]byte, error) {
	plain, err := json.Marshal(sealedCredentials{c.Password.Reveal(), c.SharedSecret.Reveal(), c.IdentitySecret.Reveal(), c.Proxy.Reveal()})
	if err != nil {
		return nil, errors.New("credentials cannot be encoded") // the cause would quote them
	}
	return plain, nil
}
