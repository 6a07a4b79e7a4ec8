package skinsback

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/anishathalye/porcupine"
)

// doctor changes a good history in ways that no sequential account could
// answer, and returns how many: the checker must refuse each.
func doctor(t *testing.T, history []porcupine.Operation) (n int) {
	t.Helper()
	for name, change := range map[string]func([]porcupine.Operation) bool{
		"a balance off by a thousandth": func(h []porcupine.Operation) bool {
			return alter(h, "balance", func(o *porcupine.Operation) {
				n, _ := strconv.Atoi(o.Output.(string))
				o.Output = strconv.Itoa(n + 1)
			})
		},
		"a purchase lost": func(h []porcupine.Operation) bool {
			return alter(h, "buy bought", func(o *porcupine.Operation) { o.Output = "no money" })
		},
		"a purchase made twice": func(h []porcupine.Operation) bool {
			return alter(h, "buy duplicate", func(o *porcupine.Operation) { o.Output = "bought" })
		},
		"a refund lost": func(h []porcupine.Operation) bool {
			return alter(h, "fail failed", func(o *porcupine.Operation) { o.Input = step{do: "in", amount: 1} })
		},
	} {
		h := slices.Clone(history)
		h = append(h, closing(t, h)...)
		if !change(h) {
			continue
		}
		if n++; possible(t, h) {
			t.Errorf("%s: the checker took it\n%s", name, written(h))
		}
	}
	return n
}

// closing is what the account says when all is quiet: the end is known, so that
// nothing that was changed can hide.
func closing(t *testing.T, history []porcupine.Operation) []porcupine.Operation {
	t.Helper()
	end := sequential.Init().(account)
	var last int64
	for _, o := range history {
		s := o.Input.(step)
		switch fmt.Sprint(s.do, " ", o.Output) {
		case "buy bought":
			if end.custom[s.custom] == ended { // recorded after its refund
				end.balance -= cost
			} else {
				end = end.set(s.custom, held, -cost)
			}
		case "fail failed":
			end = end.set(s.custom, ended, cost)
		case "in paid":
			end.balance += s.amount
		}
		last = max(last, o.Return)
	}
	last += 10
	ops := []porcupine.Operation{{Input: step{do: "balance"}, Call: last, Output: strconv.Itoa(end.balance), Return: last + 1}}
	for c := range customs {
		last += 10
		s := map[byte]string{free: "offer_not_found", held: "creating_trade", ended: "failed"}[end.custom[c]]
		ops = append(ops, porcupine.Operation{Input: step{do: "info", custom: c}, Call: last, Output: s, Return: last + 1})
	}
	if all := append(slices.Clone(history), ops...); !possible(t, all) {
		t.Errorf("what is there at the end does not fit:\n%s", written(all))
	}
	return ops
}

// alter changes the last operation of a kind.
func alter(h []porcupine.Operation, kind string, change func(*porcupine.Operation)) bool {
	for i := len(h) - 1; i >= 0; i-- {
		s := h[i].Input.(step)
		if kind == s.do || kind == fmt.Sprint(s.do, " ", h[i].Output) {
			change(&h[i])
			return true
		}
	}
	return false
}

func TestStaleReadIsNotLinearizable(t *testing.T) {
	t.Parallel()
	at := func(call, back int64, s step, answer string) porcupine.Operation {
		return porcupine.Operation{Input: s, Call: call, Output: answer, Return: back}
	}
	paid := at(0, 10, step{do: "in", amount: 500}, "paid")
	if !possible(t, []porcupine.Operation{paid, at(5, 30, step{do: "balance"}, "0")}) {
		t.Error("a read at the same time may see what was before")
	}
	if possible(t, []porcupine.Operation{paid, at(20, 30, step{do: "balance"}, "0")}) {
		t.Error("a read that began after the answer sees what was before")
	}
}
