-- name: Beat :one
insert into node (id, roles, beat) values ($1, $2, 1) on conflict (id) do update set beat = node.beat + 1, roles = excluded.roles
returning beat;

-- name: Nodes :many
select id, roles, beat from node order by id;

-- name: DropNode :exec
delete from node where id = $1 and beat = $2;

-- name: Leases :many
select name, holder, fence from lease order by name;

-- name: Take :many
-- A holder or a number that is not the one seen makes it nobody's success.
insert into lease (name, holder, fence) values ($1, $2, 1)
on conflict (name) do update set holder = excluded.holder, fence = lease.fence + 1
where lease.holder = sqlc.arg(seen_holder) and lease.fence = sqlc.arg(seen_fence)
returning fence;

-- name: Still :execrows
-- Also locks the row: who takes the lease waits until this write has ended.
update lease set holder = holder where name = $1 and fence = $2;

-- name: GiveBack :exec
update lease set holder = '', fence = fence + 1 where name = $1 and holder = $2 and fence = $3;
