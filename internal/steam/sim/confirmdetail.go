package sim

import (
	"fmt"
	"html"
	"net/http"
	"strconv"
	"strings"
)

// pathConfirmation is the caller's confirmation that the path names, or nil.
func (q *call) pathConfirmation(me *account) *confirmation {
	id, err := strconv.ParseUint(q.r.PathValue("confirmation"), 10, 64)
	if c := q.sim.state.confirms[id]; err == nil && c != nil && c.Account == me.SteamID {
		return c
	}
	return nil
}

func (q *call) confirmationDetails() (reply, error) {
	me, refused := q.confirmer()
	if refused != nil {
		return *refused, nil
	}
	c := q.pathConfirmation(me)
	if c == nil {
		return unanswered("", ""), nil
	}
	return document(map[string]any{"success": true, "html": q.confirmationHTML(c)}), nil
}

func (q *call) confirmationPage() (reply, error) {
	me, refused := q.confirmer()
	if refused != nil {
		return *refused, nil
	}
	c := q.pathConfirmation(me)
	if c == nil {
		return refusedPage("Could not find this confirmation."), nil
	}
	return reply{status: http.StatusOK, ctype: typeHTML, raw: []byte("<!DOCTYPE html>\n<html><head><title>Steam Community :: Confirmation</title></head><body>\n" +
		q.confirmationHTML(c) + "</body></html>\n")}, nil
}

// confirmationHTML shows the offer in the element that clients look for.
func (q *call) confirmationHTML(c *confirmation) string {
	st := q.sim.state
	if c.Type != 0 {
		return "<div class=\"mobileconf_generic\">" + confirmationTypes[c.Type] + "</div>\n"
	}
	o := st.offers[c.Offer]
	other := o.To
	if o.To == c.Account {
		other = o.From
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<div class=\"mobileconf_trade_area\"><div class=\"tradeoffer\" id=\"tradeofferid_%d\">\n", o.ID)
	fmt.Fprintf(&b, "<div class=\"tradeoffer_header\">%s</div>\n", html.EscapeString(st.byID[other].name()))
	st.itemRow(&b, "primary", o.Give)
	st.itemRow(&b, "secondary", o.Receive)
	b.WriteString("</div></div>\n")
	return b.String()
}

func (st *state) itemRow(b *strings.Builder, side string, refs []ref) {
	fmt.Fprintf(b, "<div class=\"tradeoffer_items %s\">", side)
	for _, r := range refs {
		fmt.Fprintf(b, "<div class=\"trade_item\" data-economy-item=\"classinfo/%d/%s/%s\"></div>", r.App, r.Class, r.Instance)
	}
	b.WriteString("</div>\n")
}
