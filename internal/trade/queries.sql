-- name: ByID :one
select * from trade where id = $1;

-- name: Assets :many
select * from trade_asset where trade_id = $1 order by line;

-- name: Open :many
select * from trade
where bot = $1 and ended_at = 0 and state in ('wanted', 'sending', 'unknown', 'unconfirmed', 'active', 'escrow')
order by id;

-- name: OpenAssets :many
select a.* from trade t join trade_asset a on a.trade_id = t.id
where t.bot = $1 and t.ended_at = 0 and t.state in ('wanted', 'sending', 'unknown', 'unconfirmed', 'active', 'escrow')
order by a.trade_id, a.line;

-- name: Waits :one
select exists (select 1 from trade where bot = $1 and ended_at = 0 and state in ('accepted', 'review')) as any;

-- name: Due :many
select * from trade
where bot = sqlc.arg(bot) and ended_at = 0 and state in ('accepted', 'review') and due_at <= sqlc.arg(now) and checked_at <= sqlc.arg(unread_since)
order by due_at, id limit sqlc.arg(at_most);

-- name: Since :many
select * from trade
where bot = sqlc.arg(bot) and (ended_at = 0 or (ended_at > 0 and ended_at >= sqlc.arg(since)))
order by id;

-- name: SinceAssets :many
select a.* from trade t join trade_asset a on a.trade_id = t.id
where t.bot = sqlc.arg(bot) and (t.ended_at = 0 or (t.ended_at > 0 and t.ended_at >= sqlc.arg(since)))
order by a.trade_id, a.line;

-- name: NextDue :one
select coalesce(min(due_at), 0) as due from trade
where ended_at = 0 and state in ('wanted', 'sending', 'unknown', 'unconfirmed', 'active', 'accepted');

-- name: ByReference :one
select * from trade where reference = $1;

-- name: LiveOf :one
select * from trade where owner = $1 and ended_at = 0;

-- name: Moves :many
select * from trade_move where trade_id = $1 order by version;

-- name: BySteamTrade :one
select * from trade where steam_trade = $1;

-- name: UpdateTrade :execrows
update trade set state = $1, problem = $2, offer_id = $3, steam_trade = $4, version = version + 1, tries = $5,
  misses = $6, due_at = $7, sent_at = $8, accepted_at = $9, settle_at = $10, ended_at = $11
where id = $12 and version = $13;

-- name: SetNewAsset :exec
update trade_asset set new_context = $1, new_asset = $2 where trade_id = $3 and line = $4;

-- name: InsertMove :exec
insert into trade_move (trade_id, version, from_state, to_state, at, note)
values ($1, $2, $3, $4, $5, $6);

-- name: Checked :exec
update trade set checked_at = $1 where id = $2;

-- name: GiveUp :one
update trade set deadline = $2
where id = $1 and ended_at = 0 and deadline > $2 and (state = 'wanted' or state = 'sending' or state = 'unknown' or state = 'unconfirmed')
returning bot;

-- Counted within the index.
-- name: Ages :many
select state, count(*) as n, cast(min(due_at) as bigint) as due,
  cast(sum(case when due_at < sqlc.arg(late) then 1 else 0 end) as bigint) as late
from trade where ended_at = 0 group by state order by state;

-- name: Overdue :many
select * from trade where ended_at = 0 and due_at < sqlc.arg(late) order by due_at, id limit sqlc.arg(at_most);

-- name: DoubtMoves :exec
insert into trade_move (trade_id, version, from_state, to_state, at, note)
select t.id, t.version + 1, 'wanted', 'sending', cast(sqlc.arg(at) as bigint), cast(sqlc.arg(note) as text) from trade t where t.state = 'wanted'
union all
select t.id, t.version + 2, 'sending', 'unknown', cast(sqlc.arg(at) as bigint), cast(sqlc.arg(note) as text) from trade t where t.state = 'wanted';

-- name: Doubt :exec
update trade set state = 'unknown', problem = sqlc.arg(note), version = version + 2, tries = tries + 1, misses = 0, due_at = sqlc.arg(at)
where state = 'wanted';

-- name: LookAgain :exec
update trade set version = version + 1, misses = 0, due_at = sqlc.arg(at) where state = 'unknown';

-- name: SayLate :execrows
insert into late_offer (offer_id, bot, at, by_name, note) values ($1, $2, $3, $4, $5)
on conflict (offer_id) do update set at = excluded.at, by_name = excluded.by_name, note = excluded.note, done_at = 0, why = ''
where late_offer.done_at > 0 and late_offer.why <> '';

-- name: LateWords :many
select * from late_offer where bot = $1 and done_at = 0 order by at, offer_id;

-- name: LateWord :one
select * from late_offer where offer_id = $1;

-- name: EndLate :exec
update late_offer set done_at = $1, why = $2 where offer_id = $3 and done_at = 0;
