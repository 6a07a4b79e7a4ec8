package web

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/skinrail/skinrail/internal/steam"
)

var endNumber = regexp.MustCompile(`\((\d{1,5})\)\s*$`)

// resultAtEnd is the result in parentheses at the very end of a sentence, else
// 0. Numbers elsewhere may come from a user's name.
func resultAtEnd(sentence string) steam.Result {
	m := endNumber.FindStringSubmatch(sentence)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1])
	return steam.Result(n)
}

// generic begins the sentences that say nothing but their number.
const generic = "There was an error "

// sentences are Steam's English texts about one cause. Names of users stand
// inside some of them, so the sentences that begin with our own words come first.
var sentences = []struct {
	begins, contains string
	refusal          steam.Refusal
}{
	{"You cannot trade with", "", steam.RefusedPartnerTrade},
	{"", "is not available to trade. More information will be shown to", steam.RefusedPartnerTrade},
	{"", "You have logged in from a new device", steam.RefusedNewDevice},
	{"", "This Trade URL is no longer valid", steam.RefusedTradeURL},
	{"", `inventory privacy is set to "Private"`, steam.RefusedPrivate},
	{"", "sent too many trade offers", steam.RefusedTooManyOffers},
}

// busyGame is a trouble inside Steam without a number; it is as unclear as one
// with a number.
const busyGame = "unable to contact the game's item server"

// numbers are the results that tell a cause.
var numbers = map[steam.Result]steam.Refusal{
	steam.ResultInvalidParam:  steam.RefusedMalformed,
	steam.ResultInvalidState:  steam.RefusedState,
	steam.ResultAccessDenied:  steam.RefusedTradeURL,
	steam.ResultLimitExceeded: steam.RefusedTooManyOffers,
	steam.ResultRevoked:       steam.RefusedItemsGone,
	34:                        steam.RefusedPartnerTrade,
	50:                        steam.RefusedTooManyOffers,
}

// vague are results beside the unclear ones that leave open what happened:
// OK, pending, duplicate request.
var vague = []steam.Result{steam.ResultOK, 22, steam.ResultDuplicateRequest}

// sentenceOutcome reads a strError. Unknown means: read back first.
func sentenceOutcome(sentence string) steam.Outcome {
	detail := plain(sentence)
	if !strings.HasPrefix(sentence, generic) {
		for _, s := range sentences {
			if strings.HasPrefix(sentence, s.begins) && strings.Contains(sentence, s.contains) {
				return refused(s.refusal, detail)
			}
		}
	}
	n := resultAtEnd(sentence)
	if sentence == "" || slices.Contains(unclear, n) || slices.Contains(vague, n) || strings.Contains(sentence, busyGame) {
		return unknown(detail)
	}
	out := refused(steam.RefusedOther, detail)
	if r, ok := numbers[n]; ok {
		out.Refusal = r
	}
	out.Unsure = true
	return out
}

// statusOutcome is what an answer without a sentence says by its status alone.
// Only statuses that prove that the call was turned away are refusals.
func statusOutcome(status int) steam.Outcome {
	detail := "status " + strconv.Itoa(status)
	switch status {
	case http.StatusUnauthorized:
		return refused(steam.RefusedSession, detail)
	case http.StatusTooManyRequests:
		return refused(steam.RefusedRateLimit, detail)
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		return refused(steam.RefusedMalformed, detail)
	default:
		return unknown(detail)
	}
}

func done() steam.Outcome { return steam.Outcome{Verdict: steam.Done} }

func unknown(detail string) steam.Outcome {
	return steam.Outcome{Verdict: steam.Unknown, Detail: detail}
}

func refused(why steam.Refusal, detail string) steam.Outcome {
	return steam.Outcome{Verdict: steam.Refused, Refusal: why, Detail: detail}
}
