package main

import (
	"path"
	"slices"
	"strings"
)

// target is a package, or some files of one, whose mutants are to be killed by
// the package's own tests.
type target struct {
	group, pkg string
	files      []string // none: all that are written by hand
}

// targets are the packages of money, signing and state, the quick ones first.
var targets = []target{
	{"money", "internal/money", nil},
	{"money", "internal/pricing", []string{"pricing.go", "median.go"}},
	{"money", "internal/ledger", []string{"account.go", "funds.go", "hold.go", "ledger.go", "owe.go"}},
	{"signing", "internal/seal", nil},
	{"signing", "client", []string{"webhook.go"}},
	{"signing", "internal/skinsback", []string{"sign.go", "numbertext.go", "strong.go", "auth.go", "encode.go"}},
	{"signing", "internal/steam/web", []string{"openid.go"}},
	{"state", "internal/trade", []string{"state.go", "move.go"}},
	{"state", "internal/webhook", []string{"schedule.go", "outcome.go"}},
	{"state", "internal/deposit", []string{"state.go", "moved.go", "signin.go", "takeback.go", "step.go"}},
	{"state", "internal/purchase", []string{"state.go", "moved.go", "buy.go"}},
}

// chosen are the targets of the given groups, packages and files; all for none.
func chosen(wanted []string) []target {
	if len(wanted) == 0 {
		return targets
	}
	var some []target
	for _, t := range targets {
		var files []string
		whole := false
		for _, w := range wanted {
			w = strings.Trim(strings.TrimPrefix(w, "./"), "/")
			switch {
			case w == t.group || w == t.pkg:
				whole = true
			case path.Dir(w) == t.pkg && strings.HasSuffix(w, ".go"):
				files = append(files, path.Base(w))
			}
		}
		if !whole && len(files) > 0 {
			t.files = slices.Compact(slices.Sorted(slices.Values(files)))
		}
		if whole || len(files) > 0 {
			some = append(some, t)
		}
	}
	return some
}
