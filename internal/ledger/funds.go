package ledger

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/money"
)

// Funds are accounts that one write has locked, with what they hold: until the
// write ends nobody else moves them.
type Funds struct{ accounts map[Account]*fund }

type fund struct {
	id        int64
	overdraft bool
	balance   money.Amount
	moved     money.Amount // of the balance, and not written yet
}

// NewFunds holds no account yet.
func NewFunds() *Funds { return &Funds{accounts: map[Account]*fund{}} }

// FundsTx locks accounts for the write. Those without entries hold nothing.
func (s *Service) FundsTx(_ context.Context, tx *db.Tx, accounts []Account) (*Funds, error) {
	f := NewFunds()
	if err := f.lock(tx, accounts, leave); err != nil {
		return nil, fmt.Errorf("lock accounts: %w", err)
	}
	return f, nil
}

// Balance is what an account holds now, as the write sees it.
func (f *Funds) Balance(a Account) money.Amount {
	if held, ok := f.accounts[a]; ok {
		return held.balance
	}
	return 0
}

// missing says what happens to accounts that do not exist yet.
type missing int

const (
	leave missing = iota
	create
)

// lock adds accounts that are not held yet, in the order of their paths.
func (f *Funds) lock(tx *db.Tx, accounts []Account, absent missing) error {
	for range 2 {
		var paths, rows []any
		for _, a := range slices.Compact(slices.Sorted(slices.Values(accounts))) {
			if f.accounts[a] == nil {
				paths, rows = append(paths, string(a)), append(rows, string(a), a.nature() == overdrawn)
			}
		}
		if err := tx.Together(accountsSQL.Query(paths, f.add)...); err != nil || absent == leave {
			return err
		}
		if len(paths) == 0 || !slices.ContainsFunc(accounts, func(a Account) bool { return f.accounts[a] == nil }) {
			return nil
		}
		if err := tx.Together(insertAccountSQL.Exec(rows, nil)...); err != nil {
			return err
		}
	}
	return fmt.Errorf("an account of %v is not there after it was made", accounts)
}

func (f *Funds) add(row db.Scanner) error {
	var path string
	var a fund
	if err := row.Scan(&path, &a.id, &a.overdraft, &a.balance); err != nil {
		return err
	}
	f.accounts[Account(path)] = &a
	return nil
}

// move changes one balance, if the account may go there.
func (f *Funds) move(c change) error {
	a := f.accounts[c.account]
	if !a.overdraft && a.balance+c.amount < 0 {
		return fault.New(fault.InsufficientBalance, "available %s, needed %s", a.balance, -c.amount)
	}
	a.balance += c.amount
	a.moved += c.amount
	return nil
}

// write stores what was moved, and the entries of the transactions that moved
// it. That an account does not fall below zero is guarded once more in the
// update.
func (f *Funds) write(tx *db.Tx, ps []posting) error {
	var moves []any
	for _, path := range slices.Sorted(maps.Keys(f.accounts)) {
		if a := f.accounts[path]; a.moved != 0 {
			moves = append(moves, a.id, int64(a.moved))
			a.moved = 0
		}
	}
	entries := make([]any, 0, 8*len(ps)) // most have two
	for _, p := range ps {
		for line, e := range p.Entries {
			entries = append(entries, p.id, line+1, f.accounts[e.Account].id, int64(e.Amount))
		}
	}
	var moved int64
	err := tx.Together(append(moveSQL.Exec(moves, &moved), insertEntrySQL.Exec(entries, nil)...)...)
	if err == nil && moved != int64(len(moves)/2) {
		err = fmt.Errorf("%d of %d balances could be moved", moved, len(moves)/2)
	}
	return err
}
