package steam

import "strconv"

// OfferState is ETradeOfferState.
type OfferState int

// The eleven states of a trade offer, by Steam's names.
const (
	OfferInvalid                OfferState = 1
	OfferActive                 OfferState = 2
	OfferAccepted               OfferState = 3
	OfferCountered              OfferState = 4
	OfferExpired                OfferState = 5
	OfferCanceled               OfferState = 6
	OfferDeclined               OfferState = 7
	OfferInvalidItems           OfferState = 8
	OfferNeedsConfirmation      OfferState = 9
	OfferCanceledBySecondFactor OfferState = 10
	OfferInEscrow               OfferState = 11
)

var offerNames = map[OfferState]string{
	1: "Invalid", 2: "Active", 3: "Accepted", 4: "Countered", 5: "Expired", 6: "Canceled",
	7: "Declined", 8: "InvalidItems", 9: "CreatedNeedsConfirmation", 10: "CanceledBySecondFactor", 11: "InEscrow",
}

func (s OfferState) String() string {
	if n, ok := offerNames[s]; ok {
		return n
	}
	return "OfferState(" + strconv.Itoa(int(s)) + ")"
}

// TradeStatus is ETradeStatus.
type TradeStatus int

// Trade statuses; 12 is not in Valve's public list.
const (
	TradeInit                   TradeStatus = 0
	TradePreCommitted           TradeStatus = 1
	TradeCommitted              TradeStatus = 2
	TradeComplete               TradeStatus = 3
	TradeFailed                 TradeStatus = 4
	TradePartialSupportRollback TradeStatus = 5
	TradeFullSupportRollback    TradeStatus = 6
	TradeSelectiveRollback      TradeStatus = 7
	TradeRollbackFailed         TradeStatus = 8
	TradeRollbackAbandoned      TradeStatus = 9
	TradeInEscrow               TradeStatus = 10
	TradeEscrowRollback         TradeStatus = 11
	TradeProtectionRollback     TradeStatus = 12
)

// Result is EResult, Steam's general outcome number.
type Result int

// The results the gateway or the simulator uses by name.
const (
	ResultOK                Result = 1
	ResultFail              Result = 2
	ResultInvalidPassword   Result = 5
	ResultInvalidParam      Result = 8
	ResultFileNotFound      Result = 9
	ResultBusy              Result = 10
	ResultInvalidState      Result = 11
	ResultAccessDenied      Result = 15
	ResultTimeout           Result = 16
	ResultBanned            Result = 17
	ResultServiceUnavail    Result = 20
	ResultLimitExceeded     Result = 25
	ResultRevoked           Result = 26
	ResultExpired           Result = 27
	ResultAlreadyRedeemed   Result = 28
	ResultDuplicateRequest  Result = 29
	ResultNoMatch           Result = 42
	ResultAccountDisabled   Result = 43
	ResultCancelled         Result = 52
	ResultRemoteCallFailed  Result = 55
	ResultLogonDenied       Result = 63
	ResultInvalidLoginCode  Result = 65
	ResultExpiredLoginCode  Result = 71
	ResultAccountLocked     Result = 73
	ResultRateLimitExceeded Result = 84
	ResultNeedTwoFactor     Result = 85
	ResultLoginThrottled    Result = 87
	ResultTwoFactorMismatch Result = 88
	ResultNeedCaptcha       Result = 101
)
