-- name: AddBot :exec
insert into bot (steam_id, account_name, persona, trade_token, sealed, session, health, health_note, health_at, created_at, duty_at, resume,
  enabled, stopped)
values ($1, $2, $3, $4, $5, $6, 'starting', '', $7, $7, $7, true,
  not exists (select 1 from bot b where b.stopped), exists (select 1 from bot b where b.stopped));

-- name: Bots :many
select * from bot order by steam_id;

-- name: Bot :one
select * from bot where steam_id = $1;

-- name: SetSession :exec
update bot set session = $1 where steam_id = $2;

-- name: SetAcknowledged :exec
update bot set acknowledged = true where steam_id = $1;

-- name: SetHealth :execrows
update bot set health = $1, health_note = $2, health_until = $3, health_at = $4
where steam_id = $5 and (health <> $1 or health_note <> $2 or health_until <> $3);

-- name: SetEnabled :execrows
update bot set enabled = $1, quarantined = $2, stopped = false, duty_at = $3 where steam_id = $4;

-- name: StopAll :execrows
update bot set resume = enabled, enabled = false, stopped = true, duty_at = $1 where not stopped;

-- name: StartAll :execrows
update bot set enabled = resume, stopped = false, duty_at = $1 where stopped;

-- name: SetLimits :execrows
update bot set games = $1, max_open = $2, max_worth = $3 where steam_id = $4;

-- name: ForgetSecrets :exec
update bot set sealed = sqlc.arg(nothing), session = sqlc.arg(nothing), health = sqlc.arg(health), health_note = sqlc.arg(note), health_at = sqlc.arg(at);

-- name: SetSealed :execrows
update bot set sealed = $1, session = $2 where steam_id = $3 and account_name = $4;

-- name: Items :many
select * from bot_item where bot = $1 and app = $2 and context = $3 and present;

-- What an item is called stays as it was first seen.
-- name: AddItem :one
insert into bot_item (bot, app, context, asset, class_id, instance_id, name, phase, icon, kind, color, tradable, present, seen_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, true, $13)
on conflict (bot, app, context, asset) do update set present = true, tradable = excluded.tradable, seen_at = excluded.seen_at
returning id, name;

-- name: NewestItem :one
select cast(coalesce(max(id), 0) as bigint) as id from bot_item;

-- name: ItemGone :exec
update bot_item set present = false, seen_at = $1 where id = $2;

-- name: SetLoad :exec
insert into bot_load (bot, app, context, items, worth) values ($1, $2, $3, $4, $5)
on conflict (bot, app, context) do update set items = excluded.items, worth = excluded.worth;

-- name: Load :one
select items, worth from bot_load where bot = $1 and app = $2 and context = $3;

-- name: Held :one
select cast(coalesce(sum(items), 0) as bigint) as items from bot_load where bot = $1 and app = $2 and context = $3;

-- name: HeldByGame :many
select bot, app, cast(sum(items) as bigint) as items, cast(sum(worth) as bigint) as worth from bot_load group by bot, app order by bot, app;

-- name: ProtectedApps :many
select app from protected_app order by app;

-- name: AddProtectedApp :exec
insert into protected_app (app) values ($1) on conflict (app) do nothing;

-- What each bot has out, expects, and holds, of a game; worth is of all games.
-- name: Loads :many
select b.steam_id,
  cast((select count(*) from trade t where t.bot = b.steam_id and t.ended_at = 0
    and t.state in ('wanted', 'sending', 'unknown', 'unconfirmed', 'active', 'escrow')) as bigint) as out,
  cast((select count(*) from trade t join trade_asset a on a.trade_id = t.id where t.bot = b.steam_id and t.ended_at = 0
    and t.state in ('wanted', 'sending', 'unknown', 'unconfirmed', 'active', 'escrow')
    and t.direction = 'receive' and a.app = $1) as bigint) as coming,
  cast((select coalesce(sum(l.items), 0) from bot_load l where l.bot = b.steam_id and l.app = $1) as bigint) as held,
  cast((select coalesce(sum(l.worth), 0) from bot_load l where l.bot = b.steam_id) as bigint) as worth
from bot b order by b.steam_id;
