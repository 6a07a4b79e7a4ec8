package page

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// All that a payer reads stands in this file, and what the script says in
// data attributes that are filled from it.

// Around every page.
const (
	textPayTitle    = "Pay with Steam items"
	textSkip        = "Skip to the content"
	textSteps       = "Steps"
	textCloses      = "This page is open for another"
	textClose       = "Close"
	textNotYou      = "Not you?"
	textForget      = "Forget this account"
	textPayingAs    = "Your Steam account"
	textNoPassword  = "The bot never asks for your password and never sends you a link in chat."
	textLost        = "No connection. Trying again…"
	textFrameSignIn = "Steam opens in a new window. Leave this page open."
	textOnSteam     = "You sign in on Steam's own site:"
	textOnlyID      = "We learn which account is yours, nothing else. Your password stays with Steam."
	textSafetyTitle = "How to be sure this is genuine"
	textSafetyNever = "Nobody who is genuine asks for your password, a code from your phone, or an API key."
	textSafetyChat  = "There is no chat. Whoever writes to you about this payment on Steam or Discord is not us."
	textSafetyCode  = "The offer carries a code. You see it here and on Steam: both must be the same."
	textSafetyPlain = "If anything differs, decline. Nothing is lost, and you can start again."
	textWaitReload  = "This page reloads by itself every few seconds."
)

var textStepNames = [...]string{"", "Account", "Trade URL", "Items", "Offer", "Result"}

// Account.
const (
	TitleAccount      = "Choose your Steam account"
	textSignIn        = "Sign in through Steam"
	textOtherAccount  = "Use another account"
	textKeep          = "Keep this account"
	ErrSignInAborted  = "The sign-in was cancelled. Nothing has changed; you can try again."
	ErrSignInRefused  = "Steam did not confirm this sign-in. Please start it again from here."
	ErrSignInStale    = "This sign-in is over or was started in another browser. Please start it again from here."
	TitleSignedIn     = "You are signed in"
	textSignedInClose = "Close this window and go on in the page you came from. It shows your account in a moment."
	textSignedInHere  = "Or go on here"
)

// Trade URL.
const (
	TitleTradeURL      = "Enter your trade URL"
	textTradeURLWhy    = "The bot needs it to send you the trade offer. It cannot take anything with it: you accept each offer yourself."
	textTradeURLLabel  = "Trade URL"
	textTradeURLFind   = "Show me where it stands"
	textTradeURLFindTo = "Opens your own page on"
	textTradeURLForm   = "It looks like this:"
	textContinue       = "Continue"
	ErrTradeURLForm    = "This is not a trade URL. Copy the whole line from Steam's page, from https to the end."
	ErrTradeURLOther   = "This trade URL belongs to another Steam account than the one above. Enter your own, or change the account."
	ErrTradeURLRefused = "Steam does not accept this trade URL any more. It was probably replaced by a new one: copy the one Steam shows now."
)

// Problems before choosing.
const (
	ProblemEscrow      = "Steam would hold this trade for days"
	ProblemEscrowWhy   = "Your account has had the Steam Mobile Authenticator for less than 7 days, or not at all. Held trades cannot pay."
	ProblemEscrowDo    = "Switch on the Steam Guard Mobile Authenticator in the Steam app."
	ProblemEscrowDo2   = "Come back when it has been on for 7 days."
	ProblemBan         = "This account may not trade now"
	ProblemBanWhy      = "Steam says that the account is banned from trading or has a restriction for some days."
	ProblemBanDo       = "Look on Steam how long the restriction lasts, or pay with another account."
	ProblemPrivate     = "Your inventory is private"
	ProblemPrivateWhy  = "Steam shows us no items, so there is nothing to choose from."
	ProblemPrivateDo   = "Open the privacy settings of your Steam profile and set “Inventory” to “Public”."
	ProblemPrivateDo2  = "Then check again. Steam may take a minute."
	ProblemSteam       = "Steam does not answer at the moment"
	ProblemSteamWhy    = "This happens, mostly while Steam is being maintained. Your items are where they were."
	ProblemSteamDo     = "Wait a minute and check again."
	ProblemNoBot       = "No bot has room for these items at the moment"
	ProblemNoBotWhy    = "All our Steam accounts are busy or full. Your items are where they were."
	ProblemNoBotDo     = "Choose fewer items, or items of another game."
	ProblemNoBotDo2    = "Or wait a few minutes and check again."
	ProblemPayer       = "Too much of yours is on its way already"
	ProblemPayerWhy    = "Steam lets trades be taken back for a week. Until then one person can pay only so much. Your items are where they were."
	ProblemPayerDo     = "Come back when an earlier payment is settled."
	ProblemShop        = "This shop takes no more for the moment"
	ProblemShopWhy     = "Steam lets trades be taken back for a week. Until then a shop can take only so much. Your items are where they were."
	ProblemShopDo      = "Or come back later."
	ProblemLimitDo     = "Choose fewer or cheaper items."
	ProblemBusy        = "That was a little fast"
	ProblemBusyWhy     = "Steam lets us look at an inventory only so often."
	ProblemBusyDo      = "Wait a minute and check again."
	ProblemOther       = "This account cannot pay now"
	ProblemOtherWhy    = "Steam refuses trades with it and gives no reason we know."
	ProblemOtherDo     = "Try to send an item to a friend on Steam: Steam then says what is missing."
	ProblemPaused      = "Payments are paused for a moment"
	ProblemPausedWhy   = "The service is being maintained. Your items are where they were."
	ProblemPausedDo    = "Wait a few minutes and check again."
	ProblemLinkPrivacy = "Open Steam's privacy settings"
	textCheckAgain     = "Check again"
	textOtherTradeURL  = "Enter another trade URL"
	textPayWithOther   = "Pay with another Steam account"
)

// Choosing.
const (
	TitleItems       = "Choose your items"
	textSearch       = "Search"
	textSearchHint   = "Name of an item"
	textSort         = "Sort"
	textSortDear     = "Dearest"
	textSortCheap    = "Cheapest"
	textSortName     = "Name"
	textGames        = "Games"
	textNothingFound = "No item has this name."
	textFixed        = "Prices hold for"
	textFixedOver    = "The prices are over. Reload to see the prices now."
	textTotal        = "Total"
	textClear        = "Clear"
	textReview       = "Review"
	textChosenOne    = "item"
	textChosenMany   = "items"
	textTooLittle    = "Choose at least"
	textTooMuch      = "Too much: at most"
	textOneGame      = "One payment takes items of one game."
	textEmptyGame    = "There is nothing of this game in your inventory that could be traded."
	textEmptyElse    = "Items bought or traded a short while ago come back after some days. Or look at another game."
	textTooManyItems = "Too many items for one offer. The most is"
	ErrNothing       = "Choose at least one item."
	ErrQuoteOver     = "The prices shown were over. These are the prices now; please choose again."
	ErrGone          = "An item is not there any more. These are your items now; please choose again."
	ErrTooMuch       = "That is more than this payment takes."
	ErrChoice        = "This choice cannot be sent. Please choose again."
)

// Why an item cannot be chosen, by the reason's name.
var textDisabled = map[string]string{
	"not_priced":   "No price for it",
	"too_cheap":    "Too cheap",
	"overstocked":  "We have enough",
	"not_tradable": "Cannot be traded now",
}

// Disabled says why an item cannot be chosen.
func Disabled(reason string) string {
	if s, ok := textDisabled[reason]; ok {
		return s
	}
	return "Not accepted"
}

// Review.
const (
	TitleReview     = "Check before you go on"
	textYouSend     = "You send"
	textWorth       = "Together worth"
	textCredit      = "Your credit"
	textWhatNext    = "What happens next"
	textNextOffer   = "Our bot sends you one Steam trade offer for exactly these items."
	textNextCompare = "You compare the code and accept it on Steam yourself."
	textNextReturn  = "You come back here and see the result."
	textSend        = "Get the trade offer"
	textBackToItems = "Change my choice"
)

// Offer.
const (
	TitleWait         = "Your offer is being made"
	WaitSend          = "The bot sends the offer to your account. This takes a few seconds."
	TitleUnclear      = "Checking with Steam"
	WaitUnclear       = "Steam gave no clear answer. We look whether the offer was made and never send it twice. You need not do anything, and may close this page: its link shows how it went."
	WaitEscrowHeading = "Steam wants to hold this trade"
	WaitEscrow        = "Held trades cannot pay, so the bot cancels it. Your items stay yours."
	WaitEnding        = "The time for the offer is over"
	WaitEndingWhy     = "The bot takes the offer back. You see the result here in a moment."
	WaitReceived      = "Accepted"
	WaitReceivedWhy   = "Your items have arrived. The payment is being booked."
	TitleOffer        = "Accept the offer on Steam"
	textOpenOffer     = "Open the offer on Steam"
	textOpenAt        = "Opens"
	textOfferEnds     = "The offer ends in"
	textCode          = "Code"
	textCodeWhy       = "must stand at the start of the offer's message"
	textFrom          = "From"
	textLevel         = "Steam level"
	textJoined        = "On Steam since"
	textOfferNumber   = "Offer"
	textGenuine       = "The genuine offer"
	textGenuineGive   = "takes exactly these items from you"
	textGenuineGet    = "and gives you nothing on Steam: Steam warns of that, and here it is right"
	textGenuineBot    = "comes from the account above, with the same level and date"
	textGenuineCode   = "begins with the same code"
	textOtherwise     = "Anything else is somebody imitating us. Decline it and use only the button above."
)

// Results.
const (
	TitleHeld       = "Your items have arrived"
	ResultHeld      = "Steam holds traded items for 7 days; nothing more to do. Do not reverse the trade, or the payment fails."
	ResultHeldUntil = "The payment is final on"
	TitleApproved   = "Paid"
	ResultApproved  = "The merchant has approved your payment. Do not reverse the trade on Steam in the next days."
	TitleCredited   = "Paid"
	ResultCredited  = "Your payment is complete. Nothing more to do."
	TitleFailed     = "The payment did not happen"
	TitleExpired    = "This payment link is over"
	ResultExpired   = "It was open for an hour and was not used. Nothing has left your inventory. Start again from the merchant's site."
	ResultTimeout   = "The offer was not accepted in time and was taken back. Nothing has left your inventory."
	ResultCanceled  = "The offer was declined or cancelled. Nothing has left your inventory."
	TitleWarning    = "Be careful: somebody else may use your account"
	ResultElsewhere = "The genuine offer was withdrawn right away, and not by us. Do not accept another one that looks like it."
	ResultEarly     = "The genuine offer was declined within seconds. If that was not you, do not accept another one that looks like it."
	ResultMoved     = "An item of the offer went elsewhere while it was open. If you did not send it, your account is used by somebody else."
	ResultReversed  = "The trade was reversed on Steam, so your items are yours again and nothing was paid."
	ResultTradeURL  = "Steam refused the trade URL. Nothing has left your inventory."
	ResultNoTrade   = "Steam does not let your account trade at the moment. Nothing has left your inventory."
	ResultPrivate   = "Steam refused the offer because your inventory is private. Nothing has left your inventory."
	ResultItemsGone = "An item was no longer there when the offer was made. Nothing has been traded."
	ResultEscrow    = "Steam wanted to hold the trade for days, so it was cancelled. Your items stay yours."
	ResultOther     = "The offer could not be made. Nothing has left your inventory."
	ResultOffers    = "Too many of our offers are open with your account. Nothing has left your inventory."
	TitleReversed   = "The trade was reversed"
	TitleReturned   = "The trade was reversed"
	ResultReturned  = "Your items are yours again. The merchant had approved the payment before and has been told."
	AdviceNotYou    = "Did you not decline it yourself? Then somebody else may use your account."
	AdviceStranger  = "Did you not do that yourself? Accept nothing more on Steam until you have done what follows."
	AdviceKey       = "Look at your API key on Steam. If there is one that you did not make, revoke it."
	AdvicePassword  = "Change your Steam password and sign out everywhere."
	textKeyPage     = "Open my API key on Steam"
	textAgain       = "To pay after all, start a new payment on the merchant's site."
	textBack        = "Go back to"
	textLeaves      = "You leave this page for"
)

// Failures.
const (
	TitleUnknown     = "There is no such payment"
	FailureUnknown   = "The link is not complete, or it was never given out. Open it again from the merchant's site."
	TitleMany        = "Too many attempts"
	FailureMany      = "Wait a minute and try again."
	TitleForbidden   = "This was not sent from the payment page"
	FailureForbidden = "For your safety it was not carried out. Open the payment link again and use its buttons."
	TitleInvalid     = "This cannot be understood"
	FailureInvalid   = "Go back and try again from the payment page."
	TitleOver        = "The payment has gone on meanwhile"
	TitleDown        = "Not available at the moment"
	FailureDown      = "Your items are where they were. Wait a minute and try again."
	TitleInternal    = "Something went wrong on our side"
	FailureInternal  = "Your items are safe: they move only when you accept an offer on Steam. Try again in a moment."
	textRequest      = "If it stays, tell the merchant this number:"
)

// Between names the limits of a payment; either may be empty.
func Between(low, high string) string {
	switch {
	case low != "" && high != "":
		return "Items worth " + low + " to " + high
	case low != "":
		return "Items worth at least " + low
	case high != "":
		return "Items worth at most " + high
	}
	return ""
}

// TooLittle names the limit that a choice is below.
func TooLittle(total, low string) string {
	return fmt.Sprintf("Your items are worth %s. This payment needs at least %s.", total, low)
}

// TooMuch names the limit that a choice is above.
func TooMuch(total, high string) string {
	return fmt.Sprintf("Your items are worth %s. This payment takes at most %s.", total, high)
}

// TooMany names how many items an offer takes.
func TooMany(most int) string { return textTooManyItems + " " + strconv.Itoa(most) + "." }

// symbols go before or after a figure, by the currency's code.
var symbols = map[string]struct{ prefix, suffix string }{
	"usd": {"$", ""}, "eur": {"€", ""}, "cny": {"CN¥", ""}, "brl": {"R$", ""}, "aud": {"A$", ""}, "cad": {"CA$", ""},
	"nzd": {"NZ$", ""}, "rub": {"", "\u00a0₽"}, "uah": {"", "\u00a0₴"}, "kzt": {"", "\u00a0₸"},
}

// Symbol is what stands before and after a figure in a currency.
func Symbol(code string) (prefix, suffix string) {
	if s, ok := symbols[strings.ToLower(code)]; ok {
		return s.prefix, s.suffix
	}
	return "", "\u00a0" + strings.ToUpper(Plain(code))
}

// InCurrency writes a decimal figure with groups of three and the currency.
func InCurrency(figure, code string) string {
	whole, part, dotted := strings.Cut(figure, ".")
	for i := len(whole) - 3; i > 0 && whole[i-1] != '-'; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if dotted {
		whole += "." + part
	}
	prefix, suffix := Symbol(code)
	return prefix + whole + suffix
}

// Date is a day, as the payer reads it.
func Date(t time.Time) string { return t.UTC().Format("2 January 2006") }

// Moment is a day and a time in UTC; the script puts the payer's own in place.
func Moment(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") }

// counted is "1 item" or "12 items".
func counted(n int) string {
	if n == 1 {
		return "1 " + textChosenOne
	}
	return strconv.Itoa(n) + " " + textChosenMany
}

// clock is "9:05", or "1:09:05" from an hour on.
func clock(seconds int) string {
	seconds = max(seconds, 0)
	if seconds < 3600 {
		return fmt.Sprintf("%d:%02d", seconds/60, seconds%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
}
