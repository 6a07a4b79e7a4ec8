package webhook

import (
	"context"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/webhook/sqlc"
)

// The lane that is due first of each host that has room. Written by hand because
// sqlc cannot read it. It steps from host to host in an index, so what it costs
// depends on the number of hosts, not on how much waits for one of them. A claim
// that ends later than one can was made by a clock that was wrong: it has lapsed.
// The casts keep SQLite from compiling it anew for each value: it plans by the
// number of a limit, and by what is compared as the partial indexes compare.
const dueLanesSQL = `with recursive h (host) as (
  select min(l.host) from lane l
  union all
  select (select min(l.host) from lane l where l.host > h.host) from h where h.host is not null
)
select c.id, c.lease_until
from (
  select
    (select count(*) from lane b where b.host = h.host and b.lease_until > cast($2 as bigint) and b.lease_until <= $5) as busy,
    (select l.due_at from lane l where l.host = h.host and l.due_at <= $1 and (l.lease_until <= $2 or l.lease_until > cast($5 as bigint))
      order by l.due_at, l.id limit 1) as due_at,
    (select l.id from lane l where l.host = h.host and l.due_at <= $1 and (l.lease_until <= $2 or l.lease_until > cast($5 as bigint))
      order by l.due_at, l.id limit 1) as id,
    (select l.lease_until from lane l where l.host = h.host and l.due_at <= $1 and (l.lease_until <= $2 or l.lease_until > cast($5 as bigint))
      order by l.due_at, l.id limit 1) as lease_until
  from h where h.host is not null
) c
where c.busy < $3 and c.id is not null
order by c.due_at, c.id
limit cast($4 as bigint)`

// dueLane is a lane that may be claimed.
type dueLane struct {
	id     int64
	lapsed bool // its last claim was not ended by who made it
}

func dueLanes(ctx context.Context, q db.Querier, c claim, limit int) ([]dueLane, error) {
	rows, err := q.QueryContext(ctx, dueLanesSQL, c.now, c.wall, perHost, limit, c.longest)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var lanes []dueLane
	for rows.Next() {
		var l dueLane
		var until int64
		if err := rows.Scan(&l.id, &until); err != nil {
			return nil, err
		}
		l.lapsed = until > 0
		lanes = append(lanes, l)
	}
	return lanes, rows.Err()
}

// leaseGroup is how many lanes are leased at once.
const leaseGroup = 32

var leaseLanesSQL = db.NewList("with m (id, until, fence, now, wall, longest) as (values ",
	"(cast($1 as bigint), cast($2 as bigint), cast($3 as bigint), cast($4 as bigint), cast($5 as bigint), cast($6 as bigint))",
	`) update lane set lease_until = m.until, fence = m.fence from m
	where lane.id = m.id and lane.due_at <= m.now and (lane.lease_until <= m.wall or lane.lease_until > m.longest)`)

// leaseLanes leases lanes that are still due and returns how many it got.
func leaseLanes(tx *db.Tx, c claim, lanes []dueLane) (int, error) {
	args := make([]any, 0, 6*len(lanes))
	for _, l := range lanes {
		args = append(args, l.id, db.Micros(c.until), c.fence, c.now, c.wall, c.longest)
	}
	var n int64
	err := tx.Together(leaseLanesSQL.Exec(args, &n)...)
	return int(n), err
}

func fromRow(r sqlc.Delivery) Delivery {
	return Delivery{ID: r.ID, EventID: r.EventID, Project: r.ProjectID, Seq: r.Seq, Endpoint: r.Endpoint,
		Subject: r.Subject, Version: r.Version, URL: r.Url, ContentType: r.ContentType, Body: r.Body,
		State: State(r.State), Tries: int(r.Tries), Failing: r.Failing, LastCode: int(r.LastCode),
		LastError: r.LastError, DueAt: db.Time(r.DueAt), CreatedAt: db.Time(r.CreatedAt), EndedAt: db.Time(r.EndedAt),
		keyAt: db.Time(r.KeyAt), replayed: int(r.Replayed)}
}

func fromRows(rows []sqlc.Delivery) []Delivery {
	out := make([]Delivery, 0, len(rows))
	for _, r := range rows {
		out = append(out, fromRow(r))
	}
	return out
}
