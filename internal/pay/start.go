package pay

import (
	"strconv"

	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/pay/page"
)

// start shows where the payer is, from what is stored.
func (d *Door) start(v *visit) error {
	if err := v.load(); err != nil {
		return err
	}
	if v.deposit.State != deposit.Open || v.expired() {
		return v.live()
	}
	if !v.project.Active || d.Merchants.Maintenance(v.ctx()) {
		return v.hinder(fault.New(fault.Maintenance, "paused"), page.StepNone)
	}
	show := v.r.URL.Query().Get("show")
	switch {
	case v.deposit.SteamID == 0 || show == "account":
		return v.account(signinErrors[v.r.URL.Query().Get("error")])
	case v.deposit.TradeToken == "" || show == "trade-url":
		return v.askTradeURL(200, "", "")
	}
	return v.items(200, "", nil)
}

// open loads the deposit for a change that only an open one takes.
func (v *visit) open() error {
	if err := v.load(); err != nil {
		return err
	}
	if v.deposit.State != deposit.Open || v.expired() {
		return fault.New(fault.WrongState, "the deposit is %s", v.deposit.State)
	}
	if !v.project.Active || v.door.Merchants.Maintenance(v.ctx()) {
		return fault.New(fault.Maintenance, "paused")
	}
	return nil
}

// key changes whenever the page would show something else. traded is the
// trade's state, where there is one.
func (v *visit) key(traded string) string {
	k := strconv.FormatInt(v.deposit.Version, 10) + "-" + string(v.deposit.State) + "-" + traded
	if v.expired() {
		k += "-over"
	}
	return k
}

// step is where the payer is on the way.
func (v *visit) step() page.Step {
	switch {
	case v.deposit.State == deposit.Trading:
		return page.StepOffer
	case v.deposit.State != deposit.Open || v.expired():
		return page.StepDone
	case v.deposit.SteamID == 0:
		return page.StepAccount
	case v.deposit.TradeToken == "":
		return page.StepTradeURL
	}
	return page.StepItems
}
