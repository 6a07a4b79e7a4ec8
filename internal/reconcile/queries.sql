-- name: Saw :exec
insert into drift (bot, kind, subject, detail, looks, first_seen, last_seen)
values (sqlc.arg(bot), sqlc.arg(kind), sqlc.arg(subject), sqlc.arg(detail), 1, sqlc.arg(now), sqlc.arg(now))
on conflict (bot, kind, subject) do update set detail = excluded.detail, last_seen = excluded.last_seen, gone_at = 0,
  looks = case when drift.gone_at > 0 then 1 else drift.looks + 1 end,
  first_seen = case when drift.gone_at > 0 then excluded.first_seen else drift.first_seen end;

-- What stood before a look, to be ended unless the look sees it.
-- name: Standing :many
select id, kind, subject from drift where bot = $1 and gone_at = 0;

-- name: Gone :exec
update drift set gone_at = $1 where id = $2;

-- name: Open :many
select * from drift where gone_at = 0 order by first_seen, bot, kind, subject;

-- name: Counts :many
select kind, cast(sum(case when looks > 1 then 1 else 0 end) as bigint) as certain, count(*) as n from drift
where gone_at = 0 group by kind order by kind;

-- name: Restored :one
select * from restoration order by id desc limit 1;

-- name: AddRestoration :exec
insert into restoration (at, since) values ($1, $2);

-- name: OpenRestoration :execrows
update restoration set opened_at = $1, opened_by = $2 where opened_at = 0;

-- name: Looked :exec
insert into restoration_look (restoration_id, bot, at, differences) values ($1, $2, $3, $4)
on conflict (restoration_id, bot) do update set at = excluded.at, differences = excluded.differences;

-- name: Looks :many
select b.steam_id as bot, cast(coalesce(l.at, 0) as bigint) as at, cast(coalesce(l.differences, 0) as bigint) as differences
from bot b left join restoration_look l on l.bot = b.steam_id and l.restoration_id = $1
order by b.steam_id;

-- name: Settled :many
select kind, subject from drift_settled;

-- name: Settle :exec
insert into drift_settled (kind, subject, at, by_name, note) values ($1, $2, $3, $4, $5) on conflict (kind, subject) do nothing;

-- name: EndDrift :execrows
update drift set gone_at = $1 where kind = $2 and subject = $3 and gone_at = 0;

-- name: Compared :exec
insert into bot_look (bot, at) values ($1, $2) on conflict (bot) do update set at = excluded.at;

-- name: LastCompared :many
select bot, at from bot_look;
