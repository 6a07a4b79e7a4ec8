package pay

import (
	"net/http"

	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/pay/page"
)

// fail answers an error: with the sentence for its code, and for our own
// failures only the request's id.
func (v *visit) fail(err error) {
	code, _ := fault.Of(err)
	if code == fault.WrongState && v.deposit.Hash != "" && v.r.Method == http.MethodPost {
		_ = v.home("") // the page shows what happened meanwhile; home never fails
		return
	}
	f := page.Failure{Frame: page.Frame{Version: v.door.version}, Status: fault.Status(code).HTTP, Retry: true}
	if v.deposit.Hash != "" {
		f.Frame = v.frame("", page.StepNone)
		f.Watch, f.Failed = "", string(code)
	}
	f.Heading, f.Sentence = sentence(code)
	f.Title = f.Heading
	if code == fault.Internal {
		f.Request = v.w.Header().Get("X-Request-Id")
		v.door.Logger.ErrorContext(v.ctx(), "payment page", "deposit", v.deposit.ID, "request", f.Request, "error", err)
	}
	if fault.Status(code).Retry == "after" {
		v.w.Header().Set("Retry-After", "30")
	}
	_ = v.draw(f.Status, page.FailurePage(f)) // draw never fails
}

func sentence(c fault.Code) (heading, text string) {
	switch c {
	case fault.NotFound:
		return page.TitleUnknown, page.FailureUnknown
	case fault.RateLimited:
		return page.TitleMany, page.FailureMany
	case fault.Forbidden:
		return page.TitleForbidden, page.FailureForbidden
	case fault.Unauthorized:
		return page.TitleForbidden, page.ErrSignInStale
	case fault.InvalidRequest:
		return page.TitleInvalid, page.FailureInvalid
	case fault.WrongState, fault.Duplicate:
		return page.TitleOver, page.FailureInvalid
	case fault.SteamUnavailable, fault.Maintenance:
		return page.TitleDown, page.FailureDown
	}
	return page.TitleInternal, page.FailureInternal
}

// problem is what is in the way of a payer, with what he can do about it; false
// for an error that is not of this kind.
func (v *visit) problem(err error, step page.Step) (p page.Problem, ok bool) {
	code, reason := fault.Of(err)
	switch {
	case reason == fleet.NoBot:
		reason = reasonNoBot
	case code != fault.PayerNotReady && code != fault.LimitReached:
		reason = string(code)
	}
	switch code {
	case fault.PayerNotReady, fault.LimitReached, fault.SteamUnavailable, fault.RateLimited, fault.Maintenance:
	default:
		return p, false
	}
	p = problems(reason)
	p.Frame = v.frame(p.Heading, step)
	p.Frame.Key, p.Failed = v.key(""), reason
	if reason == reasonPrivate {
		p.Link, p.LinkText = v.door.CommunityURL+"/my/edit/settings", page.ProblemLinkPrivacy
	}
	p.Account = reason == reasonBan || reason == reasonEscrow
	p.ChangeURL = code == fault.PayerNotReady && reason != reasonBan
	return p, true
}

// Reasons of [fault.PayerNotReady].
const (
	reasonTradeURL = "trade_url"
	reasonEscrow   = "escrow"
	reasonBan      = "trade_ban"
	reasonPrivate  = "private"
	reasonNoBot    = "no_bot"      // of [fault.SteamUnavailable]
	reasonPayer    = "payer_limit" // of [fault.LimitReached]
	reasonProject  = "project_limit"
)

func problems(reason string) page.Problem {
	switch reason {
	case reasonEscrow:
		return page.Problem{Code: reason, Heading: page.ProblemEscrow, Sentence: page.ProblemEscrowWhy,
			Do: []string{page.ProblemEscrowDo, page.ProblemEscrowDo2}}
	case reasonBan:
		return page.Problem{Code: reason, Heading: page.ProblemBan, Sentence: page.ProblemBanWhy, Do: []string{page.ProblemBanDo}}
	case reasonPrivate:
		return page.Problem{Code: reason, Heading: page.ProblemPrivate, Sentence: page.ProblemPrivateWhy,
			Do: []string{page.ProblemPrivateDo, page.ProblemPrivateDo2}}
	case reasonNoBot:
		return page.Problem{Code: reason, Heading: page.ProblemNoBot, Sentence: page.ProblemNoBotWhy, Do: []string{page.ProblemNoBotDo, page.ProblemNoBotDo2}}
	case reasonPayer:
		return page.Problem{Code: reason, Heading: page.ProblemPayer, Sentence: page.ProblemPayerWhy, Do: []string{page.ProblemLimitDo, page.ProblemPayerDo}}
	case reasonProject:
		return page.Problem{Code: reason, Heading: page.ProblemShop, Sentence: page.ProblemShopWhy, Do: []string{page.ProblemLimitDo, page.ProblemShopDo}}
	case string(fault.SteamUnavailable):
		return page.Problem{Code: reason, Heading: page.ProblemSteam, Sentence: page.ProblemSteamWhy, Do: []string{page.ProblemSteamDo}}
	case string(fault.RateLimited):
		return page.Problem{Code: reason, Heading: page.ProblemBusy, Sentence: page.ProblemBusyWhy, Do: []string{page.ProblemBusyDo}}
	case string(fault.Maintenance):
		return page.Problem{Code: reason, Heading: page.ProblemPaused, Sentence: page.ProblemPausedWhy, Do: []string{page.ProblemPausedDo}}
	}
	return page.Problem{Code: "other", Heading: page.ProblemOther, Sentence: page.ProblemOtherWhy, Do: []string{page.ProblemOtherDo}}
}

// hinder draws what is in the way, or passes an error on that is something else.
func (v *visit) hinder(err error, step page.Step) error {
	p, ok := v.problem(err, step)
	if !ok {
		return err
	}
	code, _ := fault.Of(err)
	if fault.Status(code).Retry == "after" {
		v.w.Header().Set("Retry-After", "30")
	}
	return v.draw(fault.Status(code).HTTP, page.ProblemPage(p))
}
