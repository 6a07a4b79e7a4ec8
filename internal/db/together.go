package db

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// Scanner is a row that can be read.
type Scanner interface{ Scan(...any) error }

// Lock says what happens to the rows that a query finds: nobody else changes
// them until the write ends. On SQLite nobody else writes anyway.
type Lock string

// The locks: none; waiting for whoever has a row; leaving out rows that
// somebody has. Rows are locked in the order in which the query returns them.
const (
	Unlocked   Lock = ""
	LockRows   Lock = " for no key update"
	LockUnused Lock = " for no key update skip locked"
)

// Statement is one of those that [Tx.Together] runs.
type Statement struct {
	list     *List  // of whose rows args are; nil: text
	text     string // with ? on its way to SQLite, else with $1
	args     []any
	lock     Lock
	row      func(Scanner) error // is called with each row; nil: there are none
	affected *int64              // the number of rows changed is added to it
}

// NewStatement is a statement by itself, with $1, $2 and so on for its values.
func NewStatement(query string, args ...any) Statement {
	return Statement{text: query, args: args}
}

// Locking is the statement as a query that locks what it finds.
func (s Statement) Locking(by Lock) Statement {
	s.lock = by
	return s
}

// Each is the statement with a function for each row that it returns.
func (s Statement) Each(row func(Scanner) error) Statement {
	s.row = row
	return s
}

// Together runs statements in their order, on PostgreSQL in one round trip. It
// ends with the first error; the write must end with it too. Each statement sees
// what those before it did and what others have committed by then.
func (tx *Tx) Together(all ...Statement) error {
	switch {
	case tx.done:
		return sql.ErrTxDone
	case len(all) == 0:
		return nil
	case tx.conn != nil:
		return tx.conn.Raw(func(c any) error { return pipeline(tx.ctx, c.(*stdlib.Conn).Conn(), all) })
	}
	for _, s := range all {
		if s.list == nil {
			if err := tx.one(&s); err != nil {
				return err
			}
			continue
		}
		for _, part := range s.list.parts(s) {
			if err := tx.part(&part); err != nil {
				return err
			}
		}
	}
	return nil
}

// part runs one of the statements that SQLite gets for a list.
func (tx *Tx) part(s *Statement) error {
	w, ok := tx.q.(writerQuerier)
	if s.row != nil || !ok {
		return tx.one(s)
	}
	n, err := w.w.change(s.text, s.args)
	if s.affected != nil {
		*s.affected += n
	}
	return err
}

// one runs a statement by itself.
func (tx *Tx) one(s *Statement) error {
	if s.row == nil {
		res, err := tx.q.ExecContext(tx.ctx, s.text, s.args...)
		if err != nil || s.affected == nil {
			return err
		}
		n, err := res.RowsAffected()
		*s.affected += n
		return err
	}
	rows, err := tx.q.QueryContext(tx.ctx, s.text, s.args...)
	if err != nil {
		return err
	}
	for rows.Next() {
		if err := s.row(rows); err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	return errors.Join(rows.Err(), rows.Close())
}

// pipeline sends all statements before it reads the first answer.
func pipeline(ctx context.Context, conn *pgx.Conn, all []Statement) (err error) {
	var batch pgx.Batch
	for i := range all {
		text, args := all[i].text, all[i].args
		if l := all[i].list; l != nil {
			text, args = l.columns(args)
		}
		batch.Queue(text+string(all[i].lock), args...)
	}
	answers := conn.SendBatch(ctx, &batch)
	defer func() {
		if closed := answers.Close(); err == nil {
			err = closed
		}
	}()
	for i := range all {
		s := &all[i]
		rows, err := answers.Query()
		if err != nil {
			return err
		}
		for rows.Next() && s.row != nil {
			if err := s.row(rows); err != nil {
				rows.Close()
				return err
			}
		}
		rows.Close()
		if err := rows.Err(); err != nil {
			return err
		}
		if s.affected != nil {
			*s.affected += rows.CommandTag().RowsAffected()
		}
	}
	return nil
}
