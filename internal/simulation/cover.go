package simulation

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/skinrail/skinrail/internal/cash"
	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/purchase"
	"github.com/skinrail/skinrail/internal/trade"
)

// cover counts what was reached: by group, by name.
type cover map[string]map[string]int

type reached struct{ group, name string }

func (c cover) add(group, name string) { c.count(group, name, 1) }

func (c cover) count(group, name string, n int) {
	if c[group] == nil {
		c[group] = map[string]int{}
	}
	c[group][name] += n
}

func (c cover) merge(o cover) {
	for group, names := range o {
		for name, n := range names {
			c.count(group, name, n)
		}
	}
}

// groups in the order in which they are shown.
var groups = []string{"operation", "fault", "deposit", "purchase", "trade", "cash"}

// declared is everything that there is to reach.
func declared() []reached {
	var all []reached
	for _, o := range ops {
		all = append(all, reached{"operation", o.name})
	}
	for _, k := range kinds {
		all = append(all, reached{"fault", k.name})
	}
	for _, s := range deposit.States() {
		for _, by := range deposit.Steps() {
			if to, may := deposit.Next(s, by); may {
				all = append(all, reached{"deposit", string(s) + " → " + string(to)})
			}
		}
	}
	for _, s := range purchase.States() {
		for _, by := range purchase.Steps() {
			if to, may := purchase.Next(s, by); may {
				all = append(all, reached{"purchase", string(s) + " → " + string(to) + " (" + string(by) + ")"})
			}
		}
	}
	for _, from := range trade.States() {
		for _, to := range trade.States() {
			if trade.May(from, to) {
				all = append(all, reached{"trade", string(from) + " → " + string(to)})
			}
		}
	}
	for _, name := range []string{"→ " + string(cash.Booked), "→ " + string(cash.Proposed),
		string(cash.Proposed) + " → " + string(cash.Booked), string(cash.Proposed) + " → " + string(cash.Rejected)} {
		all = append(all, reached{"cash", name})
	}
	slices.SortFunc(all, func(a, b reached) int { return cmp.Or(cmp.Compare(a.group, b.group), cmp.Compare(a.name, b.name)) })
	return slices.Compact(all)
}

// Missing is what was declared and never reached, without what cannot be.
func (c cover) missing() []string {
	var names []string
	for _, d := range declared() {
		if c[d.group][d.name] == 0 && unreachable[d] == "" {
			names = append(names, d.group+": "+d.name)
		}
	}
	return names
}

// print writes everything that was reached, and what was not.
func (c cover) print(w io.Writer) {
	for _, g := range groups {
		fmt.Fprintf(w, "\n%s\n", g)
		for _, name := range slices.Sorted(maps.Keys(c[g])) {
			fmt.Fprintf(w, "  %9d  %s\n", c[g][name], name)
		}
		for _, d := range declared() {
			switch {
			case d.group != g || c[g][d.name] > 0:
			case unreachable[d] != "":
				fmt.Fprintf(w, "        n/a  %s: %s\n", d.name, unreachable[d])
			default:
				fmt.Fprintf(w, "      never  %s\n", d.name)
			}
		}
	}
}

// unreachable is what the simulation cannot reach, and why.
var unreachable = map[reached]string{
	{"purchase", "waiting_accept → trade_create_error (refused_url)"}: "Steam refuses a trade URL when the offer is sent, not after",
}
