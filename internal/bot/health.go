package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/steam/web"
)

// retry is about when a bot that Steam limits asks again: the longest pause of
// the loop that calls its steps. Steam names no end itself.
const retry = 10 * time.Second

// deviceCooldown is the least that Steam keeps a new device from trading; it
// does not say when that began.
const deviceCooldown = 7 * 24 * time.Hour

// maxSkew is how far our clock may be from Steam's: one-time codes of the next
// or last window are still taken.
const maxSkew = 30 * time.Second

// errNeedsAck: Steam's trade-protection rules are not accepted.
var errNeedsAck = errors.New("acknowledge trade protection")

// unacknowledged is the reason for the outcome of an acknowledgement.
func unacknowledged(out steam.Outcome) error {
	switch out.Refusal {
	case steam.RefusedSession:
		return steam.ErrSession
	case steam.RefusedRateLimit:
		return steam.ErrRateLimited
	}
	return errNeedsAck
}

// learn keeps what a refusal tells about the bot itself. What it says of the
// payer or the items is the trade's affair.
func (a *Agent) learn(out steam.Outcome, now time.Time) {
	switch out.Refusal {
	case steam.RefusedSession:
		a.loggedIn = false
		a.learnt = fleet.State{Health: fleet.NoSession, Note: out.Detail, Until: now.Add(retry)}
	case steam.RefusedAcknowledge:
		a.acked = false
		a.learnt = fleet.State{Health: fleet.NeedsAck, Note: out.Detail, Until: now.Add(retry)}
	case steam.RefusedRateLimit:
		a.learnt = fleet.State{Health: fleet.Limited, Note: out.Detail, Until: now.Add(retry)}
	case steam.RefusedNewDevice:
		a.learnt = fleet.State{Health: fleet.Cooldown, Note: out.Detail, Until: now.Add(deviceCooldown)}
	}
}

// report stores the one reason why the bot can or cannot work: what stopped
// this step, else what a refusal told and is not over, else what can be seen.
func (a *Agent) report(ctx context.Context, err error, now time.Time) {
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		a.log.WarnContext(ctx, "bot step", "err", err)
	}
	why := a.reason(err, now)
	if a.bot.In(why) {
		return
	}
	if err := a.fleet.ReportState(ctx, a.ID(), why, now); err != nil {
		a.log.ErrorContext(ctx, "report health", "err", err)
	}
}

func (a *Agent) reason(err error, now time.Time) fleet.State {
	a.readClock(now)
	off := a.skew.Abs() >= maxSkew
	switch {
	case err != nil && !(off && errors.Is(err, steam.ErrCredentials)):
		return stopped(err, now)
	case off:
		return fleet.State{Health: fleet.ClockOff, Note: "by " + a.skew.Abs().Round(time.Second).String()}
	case a.learnt.Health != "" && a.learnt.Until.After(now):
		return a.learnt
	}
	a.learnt = fleet.State{}
	if full := a.full(); full != "" {
		return fleet.State{Health: fleet.Full, Note: full}
	}
	return fleet.State{Health: fleet.Ready}
}

// stopped is the reason that an error of a step stands for.
func stopped(err error, now time.Time) fleet.State {
	s := fleet.State{Health: fleet.NoSteam, Note: err.Error()}
	switch {
	case errors.Is(err, steam.ErrCredentials):
		s.Health = fleet.NoLogin
	case errors.Is(err, errNeedsAck):
		s.Health = fleet.NeedsAck
	case errors.Is(err, steam.ErrSession):
		s.Health = fleet.NoSession
	case errors.Is(err, steam.ErrRateLimited):
		s.Health, s.Until = fleet.Limited, now.Add(retry)
	}
	if l, ok := errors.AsType[steam.Limited](err); ok {
		s.Note, s.Until = steam.ErrRateLimited.Error(), now.Add(l.For).Truncate(time.Second)
		if s.Health == fleet.NoLogin {
			s.Note = "credentials refused; not tried again for a while"
		}
	}
	return s
}

// readClock compares clocks by an answer of this step. An older one may be from
// before a jump of our clock.
func (a *Agent) readClock(now time.Time) {
	c, ok := a.client.(interface{ LastDate() web.Date })
	if !ok {
		return
	}
	if d := c.LastDate(); !d.Steam.IsZero() && !d.Ours.Before(now) {
		a.skew = d.Steam.Sub(d.Ours)
	}
}

// full names the games whose inventories, as read last, take nothing more.
func (a *Agent) full() string {
	var games []string
	for _, g := range Games {
		if n := a.held[g]; n >= fleet.RoomPerGame {
			games = append(games, fmt.Sprintf("(app %d: %d items)", g, n))
		}
	}
	return strings.Join(games, ", ")
}
