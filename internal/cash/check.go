package cash

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/money"
)

const (
	maxRef      = 255 // characters
	maxNote     = 500 // characters
	maxOperator = 64
)

func check(p Proposal) error {
	switch {
	case p.Direction != In && p.Direction != Out:
		return fault.New(fault.InvalidRequest, "direction: in or out")
	case p.Amount <= 0 || p.Amount > money.Max:
		return fault.New(fault.InvalidRequest, "amount: above zero, up to %s USD", money.Max.Text(0))
	case p.Ref == "" || !line(p.Ref, maxRef):
		return fault.New(fault.InvalidRequest, "reference: 1 to %d characters without control characters", maxRef)
	}
	return errors.Join(checkOperator(p.By), checkNote("note", p.Note))
}

func checkNote(field, s string) error {
	if !line(s, maxNote) {
		return fault.New(fault.InvalidRequest, "%s: up to %d characters without control characters", field, maxNote)
	}
	return nil
}

// checkOperator allows only what looks different when it is different: a name
// decides whether two people were there.
func checkOperator(name string) error {
	if name == "" || len(name) > maxOperator || strings.Trim(operator(name), "abcdefghijklmnopqrstuvwxyz0123456789._@-") != "" {
		return fault.New(fault.InvalidRequest, "operator: a name of 1 to %d letters a to z, digits, and . _ @ -", maxOperator)
	}
	return nil
}

// operator is a name in the one spelling that is kept.
func operator(name string) string { return strings.ToLower(name) }

func line(s string, most int) bool {
	return len(s) <= most*utf8.UTFMax && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl) &&
		utf8.RuneCountInString(s) <= most
}
