package ledger

import (
	"strconv"
	"strings"
)

// Account is the path of an account. An account begins to exist with its first
// entry. What it may hold follows from its path.
type Account string

// The gateway's own accounts and the contra accounts for what comes from and
// goes to the world outside.
const (
	Commission   Account = "gateway/commission"
	Sales        Account = "gateway/sales"
	Rounding     Account = "gateway/rounding"
	OutsideSteam Account = "outside/steam"
	OutsideCash  Account = "outside/cash"
)

// Available is what a project can spend: the balance that it sees.
func Available(project int64) Account { return ofProject(project, "available") }

// Held is what waits for the end of trade protection.
func Held(project int64) Account { return ofProject(project, "held") }

// InDelivery is what purchases cost that are on their way.
func InDelivery(project int64) Account { return ofProject(project, "in_delivery") }

// PayingOut is what large payouts cost that wait for a second person.
func PayingOut(project int64) Account { return ofProject(project, "paying_out") }

// Receivable is below zero by what a project owes, after a reversal that its
// available balance could not cover.
func Receivable(project int64) Account { return ofProject(project, "receivable") }

func ofProject(id int64, name string) Account {
	return Account("project/" + strconv.FormatInt(id, 10) + "/" + name)
}

// nature is what an account's path allows.
type nature int

const (
	unknown   nature = iota // no such account: a typing error in the caller
	plain                   // never below zero
	overdrawn               // may go below zero
	holding                 // never below zero, and only holds touch it
)

// nature keeps in step with the paths named in the audit's queries.
func (a Account) nature() nature {
	switch a {
	case Commission, Sales:
		return plain
	case Rounding, OutsideSteam, OutsideCash:
		return overdrawn
	}
	rest, ok := strings.CutPrefix(string(a), "project/")
	id, name, found := strings.Cut(rest, "/")
	if n, err := strconv.ParseInt(id, 10, 64); !ok || !found || err != nil || n <= 0 {
		return unknown
	}
	switch name {
	case "available":
		return plain
	case "receivable":
		return overdrawn
	case "held", "in_delivery", "paying_out":
		return holding
	}
	return unknown
}
