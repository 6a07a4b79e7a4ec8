package main_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// Who cannot pay makes room for another payer, unless he is named; and a failed
// try leaves the deposit as it was.
func TestPlayedDepositFindsAPayer(t *testing.T) {
	t.Parallel()
	s := start(t)
	play := func(status int, order, outcome string) answer {
		t.Helper()
		d := s.ok(answer{"method": "orderstatus", "order_id": order})
		return s.control(status, http.MethodPost, fmt.Sprintf("/deposits/%s/%s", d.text("transaction_id"), outcome), nil)
	}
	for _, order := range []string{"a", "b", "c"} {
		s.ok(answer{"method": "create", "order_id": order})
	}
	first := play(http.StatusOK, "a", "reversed") // Steam bars him from trading for a while
	if second := play(http.StatusOK, "b", "in_hold"); second["steam_id"] == first["steam_id"] {
		t.Error("who took his trade back pays again at once")
	}
	banned := s.payer("Banned Bob").text("steam_id")
	why := play(http.StatusConflict, "c", "in_hold?steam_id="+banned)
	if !strings.Contains(why.text("error"), banned) {
		t.Errorf("%v does not name the payer", why)
	}
	if got := s.ok(answer{"method": "orderstatus", "order_id": "c"}); got["steam_id"] != nil {
		t.Errorf("the failed try left a payer: %v", got)
	}
	play(http.StatusOK, "c", "success")
	s.control(http.StatusNotFound, http.MethodPost, "/deposits/999/in_hold", nil)
	s.control(http.StatusNotFound, http.MethodPost, "/deposits/1/nonsense", nil)
	s.control(http.StatusBadRequest, http.MethodPost, "/deposits/1/in_hold?max_items=101", nil)
	s.audit()
}
