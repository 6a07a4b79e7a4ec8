package skinsback

import (
	"strconv"

	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/merchant"
)

// Statuses of a deposit in the old format.
const (
	statusPending  = "pending"
	statusHeld     = "in_hold"
	statusApproved = "hold_approved"
	statusSuccess  = "success"
	statusFail     = "fail"
	statusReturned = "hold_returned"
)

var depositStatus = map[deposit.State]string{
	deposit.Open:     statusPending,
	deposit.Trading:  statusPending,
	deposit.Held:     statusHeld,
	deposit.Approved: statusApproved,
	deposit.Credited: statusSuccess,
	deposit.Failed:   statusFail,
	deposit.Returned: statusReturned,
}

// statusOf is what a project sees. Old clients know three statuses: to them a
// hold is still pending and what is taken back has failed.
func statusOf(p merchant.Project, s deposit.State) string {
	status := depositStatus[s]
	if p.LegacyStatuses {
		switch status {
		case statusHeld, statusApproved:
			return statusPending
		case statusReturned:
			return statusFail
		}
	}
	return status
}

// orderStatus answers the deposit itself: the root's status is the deposit's.
func (d *Door) orderStatus(c *call) ([]byte, error) {
	w, err := whichDeposit(c)
	if err != nil {
		return nil, err
	}
	k := answerKey{project: c.project.ID, method: "orderstatus", id: w.id, orderID: w.orderID}
	return d.answered(k, func() ([]byte, error) { return d.readOrder(c, w) })
}

func (d *Door) readOrder(c *call, w which) ([]byte, error) {
	dep, err := d.findDeposit(c, w)
	if err != nil {
		return nil, err
	}
	members, err := d.depositMembers(c.project, dep)
	if err != nil {
		return nil, err
	}
	a := &answer{b: make([]byte, 0, 1024)}
	a.open()
	a.members(members)
	return a.done(), nil
}

// depositMembers is a deposit as it is asked for; a client reads its offer's id.
func (d *Door) depositMembers(p merchant.Project, dep deposit.Deposit) ([]member, error) {
	ch := dep.Changed()
	members, err := d.rates.members(ch, statusOf(p, ch.State))
	if err == nil && ch.OfferID != "" {
		members = append(members, textMember("trade_offer_id", ch.OfferID))
	}
	return members, err
}

// offerApprove ends the merchant's wait for a held deposit.
func (d *Door) offerApprove(c *call) ([]byte, error) {
	w, err := whichDeposit(c)
	if err != nil {
		return nil, err
	}
	dep, err := d.findDeposit(c, w)
	if err != nil {
		return nil, err
	}
	err = d.deps.Deposits.Approve(c.ctx, c.project.ID, dep.ID, c.now)
	if err != nil {
		return nil, as(err, map[fault.Code]refusal{fault.WrongState: approveNotHeld, fault.NotFound: orderNotFound})
	}
	return success().done(), nil
}

// which names a deposit: by our id, or by the merchant's.
type which struct {
	id      int64
	orderID string
}

// whichDeposit reads transaction_id or order_id; the first wins.
func whichDeposit(c *call) (w which, err error) {
	var ok bool
	switch id, order := c.get("transaction_id"), c.get("order_id"); {
	case id.given():
		if w.id, ok = positive(id); !ok {
			return which{}, orderInvalidID
		}
	case order.given():
		if w.orderID, ok = merchantID(order); !ok {
			return which{}, orderInvalidOrderID
		}
	default:
		return which{}, orderMissing
	}
	return w, nil
}

func (d *Door) findDeposit(c *call, w which) (deposit.Deposit, error) {
	find := func() (deposit.Deposit, error) { return d.deps.Deposits.FindByOrder(c.ctx, c.project.ID, w.orderID) }
	if w.id != 0 {
		find = func() (deposit.Deposit, error) { return d.deps.Deposits.Find(c.ctx, c.project.ID, w.id) }
	}
	dep, err := find()
	return dep, as(err, map[fault.Code]refusal{fault.NotFound: orderNotFound})
}

// amountsShown tells the statuses in which a deposit is worth something.
func amountsShown(status string) bool {
	return status == statusSuccess || status == statusHeld || status == statusApproved
}

// members is the deposit object: root of orderstatus, and body of the
// notification but for sign.
func (b *rateBook) members(c deposit.Changed, status string) ([]member, error) {
	ms := make([]member, 0, 16)
	ms = append(ms,
		textMember("status", status),
		textMember("transaction_id", strconv.FormatInt(c.ID, 10)),
		textMember("order_id", c.OrderID))
	if c.SteamID != "" {
		ms = append(ms, textMember("steam_id", c.SteamID))
	}
	ms = append(ms, integerMember("date", c.Created))
	if amountsShown(status) {
		amounts, err := b.amounts(c)
		if err != nil {
			return nil, err
		}
		ms = append(ms, amounts...)
	}
	if c.Offered != 0 {
		ms = append(ms, integerMember("offer_date", c.Offered))
	}
	if c.Skins != 0 {
		ms = append(ms, integerMember("skins_send_date", c.Skins))
	}
	if len(c.Items) > 0 {
		ms = append(ms, skinMembers(c.Items))
	}
	if c.Reason != "" && (status == statusFail || status == statusReturned) {
		ms = append(ms, textMember("reason", c.Reason))
	}
	return ms, nil
}

func skinMembers(items []deposit.ChangedItem) member {
	skins := member{name: "skins", kind: list, below: make([]member, len(items))}
	for i, it := range items {
		skins.below[i] = member{kind: object, below: []member{
			textMember("name", it.Name),
			numberMember("price", it.Price.Text(0)),
			numberMember("user_price", it.UserPrice.Text(0)),
		}}
	}
	return skins
}
