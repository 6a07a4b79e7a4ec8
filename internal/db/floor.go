package db

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Stride is the least by which ids and event numbers jump when a database is
// restored.
const Stride = 1_000_000

// Leap is how far ids and event numbers jump when a database is restored whose
// newest row is from since: further than a gateway gets that gives out a thousand
// a second, and so each time somewhere else when one backup is restored again.
func Leap(since, now time.Time) int64 {
	if since.IsZero() {
		return Stride
	}
	return Stride + max(0, now.Sub(since).Milliseconds())
}

// lifted are the tables whose ids are known outside, or name what is done
// outside.
var lifted = []string{"deposit", "purchase", "trade", "cash", "bot_item"}

// readFloors reads the ids that a restored SQLite database must not give out
// again.
func (d *DB) readFloors(ctx context.Context, pool *sql.DB) error {
	rows, err := pool.QueryContext(ctx, "select name, floor from id_floor")
	if err != nil {
		return fmt.Errorf("read the floors of ids: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var name string
		var floor int64
		if err := rows.Scan(&name, &floor); err != nil {
			return fmt.Errorf("read the floors of ids: %w", err)
		}
		if d.floors == nil {
			d.floors = map[string]int64{}
		}
		d.floors[name] = floor
	}
	return rows.Err()
}

// Lift gives a row that this write has just inserted a higher id when it got
// one that was given out before the database was restored; nothing may refer to
// the row yet. SQLite goes on from the highest id there is, so that happens to
// the first rows of a table only; PostgreSQL's sequences are moved by
// [DB.JumpIDsTx] itself.
func (tx *Tx) Lift(table string, id *int64) error {
	floor := tx.floors[table]
	if *id > floor {
		return nil
	}
	err := tx.QueryRowContext(tx.ctx, "update "+table+` set id = (select case when max(t.id) > $1 then max(t.id) else $1 end + 1 from `+table+` t)
		where id = $2 returning id`, floor, *id).Scan(id)
	if err != nil {
		return fmt.Errorf("lift an id of %s: %w", table, err)
	}
	return nil
}

// JumpIDsTx makes every id that is given out after the write higher by more than
// leap than those that are there. SQLite follows it once the database is opened
// anew.
func (d *DB) JumpIDsTx(ctx context.Context, tx *Tx, leap int64) error {
	for _, table := range lifted {
		var floor int64
		err := tx.QueryRowContext(ctx, `insert into id_floor (name, floor) values ($1, (select coalesce(max(t.id), 0) from `+table+` t) + $2)
			on conflict (name) do update set floor = case when excluded.floor > id_floor.floor then excluded.floor else id_floor.floor end
			returning floor`, table, leap).Scan(&floor)
		if err == nil && d.engine == Postgres {
			_, err = tx.ExecContext(ctx, "select setval(pg_get_serial_sequence($1, 'id'), $2)", table, floor)
		}
		if err != nil {
			return fmt.Errorf("jump the ids of %s: %w", table, err)
		}
	}
	return nil
}
