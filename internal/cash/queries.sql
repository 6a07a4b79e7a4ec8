-- The lock that makes bookings of a project wait for each other; no row when
-- there is no such project.
-- name: LockHead :one
insert into cash_head (project_id, seq, at)
select project.id, 0, 0 from project where project.id = sqlc.arg(project_id)
on conflict (project_id) do update set seq = cash_head.seq
returning seq, at;

-- name: MoveHead :exec
update cash_head set seq = $2, at = $3 where project_id = $1;

-- name: Insert :one
insert into cash (project_id, seq, direction, amount, ref, note, state, proposed_by, created_at, decided_by, decided_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) returning id;

-- name: ByID :one
select * from cash where id = $1;

-- name: ByRef :one
select * from cash where project_id = $1 and ref = $2;

-- A booking is decided once: the guard chooses between two who decide it.
-- name: Decide :execrows
update cash set state = sqlc.arg(state), decided_by = sqlc.arg(decided_by), decided_at = sqlc.arg(decided_at), reason = sqlc.arg(reason)
where id = sqlc.arg(id) and state = sqlc.arg(old_state);

-- name: Proposed :many
select * from cash where state = 'proposed' order by project_id, seq limit $1;

-- name: ProposedOf :many
select * from cash where project_id = $1 and state = 'proposed' order by seq limit $2;

-- The number of the newest booking before a moment.
-- name: NumberBefore :one
select seq from cash where project_id = $1 and created_at < $2 order by created_at desc, seq desc limit 1;

-- name: Between :many
select * from cash where project_id = sqlc.arg(project_id) and seq > sqlc.arg(above) and seq <= sqlc.arg(upto)
order by seq desc limit sqlc.arg(most);

-- name: Limit :one
select value from gateway_setting where name = 'cash_approval_above';

-- name: SetLimit :exec
insert into gateway_setting (name, value) values ('cash_approval_above', $1)
on conflict (name) do update set value = excluded.value;

-- name: DebtLimit :one
select amount from debt_limit where project_id = $1;

-- name: SetDebtLimit :exec
insert into debt_limit (project_id, amount) values ($1, $2) on conflict (project_id) do update set amount = excluded.amount;
