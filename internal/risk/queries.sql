-- name: User :one
select * from risk_user where steam_id = $1;

-- name: Inventories :many
select * from risk_inventory where steam_id = $1 order by app;

-- name: AddDeposit :exec
insert into risk_user (steam_id, joined_at, deposits, deposits_sum, last_at) values ($1, $2, 1, $3, $2)
on conflict (steam_id) do update set deposits = risk_user.deposits + 1,
  deposits_sum = risk_user.deposits_sum + excluded.deposits_sum, last_at = excluded.last_at;

-- name: AddRollback :exec
update risk_user set rollbacks = rollbacks + 1, rollbacks_sum = rollbacks_sum + $2 where steam_id = $1;

-- name: Join :exec
insert into risk_user (steam_id, joined_at) values ($1, $2) on conflict (steam_id) do nothing;

-- name: SetInventory :exec
insert into risk_inventory (steam_id, app, worth, seen_at) values ($1, $2, $3, $4)
on conflict (steam_id, app) do update set worth = excluded.worth, seen_at = excluded.seen_at;
