-- name: Since :many
select project_id, seq, id, kind, subject, version, at, body from event
where project_id = $1 and seq > $2 order by seq limit $3;

-- name: Behind :many
select f.project_id, cast(coalesce(c.seq, 0) as bigint) as seq, f.seq as head
from feed f left join feed_cursor c on c.project_id = f.project_id and c.reader = $1
where coalesce(c.seq, 0) < f.seq
order by f.project_id;

-- name: StartCursor :exec
insert into feed_cursor (reader, project_id, seq) values ($1, $2, 0) on conflict (reader, project_id) do nothing;

-- name: MoveCursor :execrows
update feed_cursor set seq = sqlc.arg(to_seq)
where reader = sqlc.arg(reader) and project_id = sqlc.arg(project_id) and seq = sqlc.arg(from_seq);

-- name: Span :one
select cast(coalesce((select min(e.seq) from event e where e.project_id = f.project_id), f.seq + 1) as bigint) as first, f.seq as head, f.base
from feed f where f.project_id = $1;

-- name: AddEpoch :exec
insert into feed_epoch (id, epoch) values (1, $1) on conflict (id) do nothing;

-- name: Epoch :one
select epoch from feed_epoch where id = 1;

-- name: SetEpoch :exec
insert into feed_epoch (id, epoch) values (1, $1) on conflict (id) do update set epoch = excluded.epoch;

-- Readers that have read everything stay at the end.
-- name: JumpCursors :exec
update feed_cursor set seq = feed_cursor.seq + sqlc.arg(stride)
where feed_cursor.seq = (select f.seq from feed f where f.project_id = feed_cursor.project_id);

-- name: JumpFeeds :exec
update feed set seq = feed.seq + sqlc.arg(stride), base = feed.seq + sqlc.arg(stride);

-- Where a log begins that has no feed yet.
-- name: RaiseFloor :exec
insert into id_floor (name, floor) values ('feed', (select coalesce(max(f.seq), 0) from feed f) + sqlc.arg(leap))
on conflict (name) do update set floor = id_floor.floor + sqlc.arg(leap);

-- The last of each project: its number may have jumped since.
-- name: Newest :one
select cast(coalesce(max(last.at), 0) as bigint) as at from (
  select (select e.at from event e where e.project_id = f.project_id order by e.seq desc limit 1) as at from feed f) last;
