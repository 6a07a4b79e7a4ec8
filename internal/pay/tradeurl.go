package pay

import (
	"errors"
	"net/http"

	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/pay/page"
	"github.com/skinrail/skinrail/internal/steam"
)

// askTradeURL draws the page for the trade URL, with what was entered.
func (v *visit) askTradeURL(status int, value, problem string) error {
	f := v.frame(page.TitleTradeURL, page.StepTradeURL)
	f.Key = v.key("")
	return v.draw(status, page.TradeURLPage(page.TradeURL{Frame: f, Help: v.door.CommunityURL + "/my/tradeoffers/privacy",
		SteamHost: v.door.communityHost, Value: page.Plain(value), Error: problem}))
}

// tradeURL keeps the payer's trade URL once Steam takes it.
func (d *Door) tradeURL(v *visit) error {
	if err := v.open(); err != nil {
		return err
	}
	if v.deposit.SteamID == 0 {
		return v.home("")
	}
	entered := v.r.PostForm.Get("trade_url")
	u, err := steam.ParseTradeURL(entered, d.communityHost)
	if err != nil {
		return v.askTradeURL(http.StatusBadRequest, clip(entered), page.ErrTradeURLForm)
	}
	if u.Partner != v.deposit.SteamID {
		return v.askTradeURL(http.StatusBadRequest, entered, page.ErrTradeURLOther)
	}
	if err := d.mayAsk(v.deposit.Hash); err != nil {
		return v.askTradeURL(http.StatusTooManyRequests, entered, page.ProblemBusyWhy+" "+page.ProblemBusyDo)
	}
	if _, err = d.Deposits.SetTradeURL(v.ctx(), v.deposit.Hash, u); err == nil {
		return v.home("")
	}
	code, reason := fault.Of(err)
	switch {
	case code == fault.PayerNotReady && reason == reasonTradeURL:
		return v.askTradeURL(http.StatusConflict, entered, page.ErrTradeURLRefused)
	case errors.Is(err, fault.SteamUnavailable):
		v.w.Header().Set("Retry-After", "30")
		return v.askTradeURL(http.StatusServiceUnavailable, entered, page.ProblemSteam+". "+page.ProblemSteamDo)
	}
	return v.hinder(err, page.StepTradeURL)
}

// clip keeps what is shown again to the length of a trade URL.
func clip(s string) string {
	if len(s) > 400 {
		return s[:400]
	}
	return s
}
