package app

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/skinrail/skinrail/internal/cash"
	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/seal"
	"github.com/skinrail/skinrail/internal/webhook"
)

// Projects is an operator's desk: what the command line does with projects and
// their money. It works on the database itself, also while the gateway runs on
// it, which sees changes within about a second.
type Projects struct {
	Store
	KeyFile      string // seals secrets; empty: the file "key" in Data
	AllowPrivate bool   // notification URLs may be private addresses
	JSON         bool   // print for machines
	Out          io.Writer
}

// desk is an open database with the rooms that the desk needs.
type desk struct {
	db        *db.DB
	ledger    *ledger.Service
	merchants *merchant.Service
	cash      *cash.Service
	guard     webhook.GuardOptions
	now       time.Time // of the sandbox's world, if there is one
}

// with opens the database, calls f and closes it. Errors are in words that an
// operator can act on.
func (p Projects) with(ctx context.Context, box *seal.Box, f func(*desk) error) (err error) {
	d, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(explain(err), d.Close()) }()
	now, sandbox, err := clockOf(ctx, d)
	if err != nil {
		return err
	}
	k := &desk{db: d, ledger: ledger.New(d), merchants: merchant.New(d, box), now: now(),
		guard: webhook.GuardOptions{AllowLoopback: sandbox || p.AllowPrivate, AllowPrivate: p.AllowPrivate}}
	k.cash = cash.New(cash.Deps{DB: d, Ledger: k.ledger, Events: event.New(d), Merchants: k.merchants})
	return f(k)
}

// sealed is with for what seals secrets. It refuses a key that does not open
// what the database holds already: the gateway could not open what it sealed.
func (p Projects) sealed(ctx context.Context, f func(*desk) error) error {
	box, path, err := p.loadKey(p.KeyFile)
	if err != nil {
		return err
	}
	return p.with(ctx, box, func(k *desk) error {
		if err := opens(ctx, k.db, box, path); err != nil {
			return err
		}
		return f(k)
	})
}

// said is an error in an operator's words.
type said struct {
	text  string
	cause error
}

func (s said) Error() string { return s.text }
func (s said) Unwrap() error { return s.cause }

// explain leaves out codes and names of functions, which mean nothing at a
// terminal.
func explain(err error) error {
	if err == nil {
		return nil
	}
	switch code, detail := fault.Of(err); {
	case code == fault.InsufficientBalance:
		return said{"the project does not have that much: " + detail + " USD; see  skinrail project show", err}
	case code != fault.Internal:
		return said{detail, err}
	case db.Class(err) == db.Busy:
		return said{"the database is busy: try again; with the same reference nothing is booked twice", err}
	}
	return err
}

// InWords is an error as people read it, without the code of the API.
func InWords(err error) error {
	if _, ok := errors.AsType[said](err); ok {
		return err
	}
	return explain(err)
}

// WrongUsage reports whether an error says that the caller wrote something
// that cannot be, such as a malformed amount.
func WrongUsage(err error) bool { return errors.Is(err, fault.InvalidRequest) }
