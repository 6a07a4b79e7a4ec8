-- name: AddBot :exec
insert into bot (steam_id, account_name, persona, trade_token, sealed, session, enabled, health, health_note, health_at, created_at)
values ($1, $2, $3, $4, $5, $6, true, 'starting', '', $7, $7);

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
update bot set enabled = $1, quarantined = $2 where steam_id = $3;

-- name: SetSealed :execrows
update bot set sealed = $1, session = $2 where steam_id = $3 and account_name = $4;

-- name: Items :many
select * from bot_item where bot = $1 and app = $2 and context = $3 and present;

-- What an item is called stays as it was first seen.
-- name: AddItem :one
insert into bot_item (bot, app, context, asset, class_id, instance_id, name, phase, icon, kind, color, tradable, present, seen_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, true, $13)
on conflict (bot, app, context, asset) do update set present = true, tradable = excluded.tradable, seen_at = excluded.seen_at
returning name;

-- name: ItemGone :exec
update bot_item set present = false, seen_at = $1 where id = $2;

-- name: ItemCounts :many
select bot, app, count(*) as held from bot_item where present group by bot, app;

-- name: ProtectedApps :many
select app from protected_app order by app;

-- name: AddProtectedApp :exec
insert into protected_app (app) values ($1) on conflict (app) do nothing;

-- name: OpenOffers :many
select bot, count(*) as live from trade
where ended_at = 0 and state in ('wanted', 'sending', 'unknown', 'unconfirmed', 'active', 'escrow')
group by bot;
