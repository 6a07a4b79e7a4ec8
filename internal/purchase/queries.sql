-- name: ByID :one
select * from purchase where id = $1;

-- name: ByProjectAndID :one
select * from purchase where project_id = $1 and id = $2;

-- name: ByCustom :one
select * from purchase where project_id = $1 and custom_id = $2;

-- name: Numbered :many
select * from purchase where project_id = $1 and seq >= sqlc.arg(first) and seq <= sqlc.arg(last) order by seq desc;

-- name: Update :execrows
update purchase set state = $1, version = version + 1, reason = $2, offer_id = $3, trade_id = $4,
  accepted_at = $5, settled_at = $6, ended_at = $7
where id = $8 and version = $9 and state = $10;

-- name: InsertMove :exec
insert into purchase_move (purchase_id, version, from_state, to_state, at, note) values ($1, $2, $3, $4, $5, $6);
