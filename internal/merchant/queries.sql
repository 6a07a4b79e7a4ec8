-- name: Project :one
select id, name, active, market, no_wait, legacy_statuses, multiplier, commission, result_url, events_url,
  success_url, fail_url, webhook_encoding, rate_limit, allowed_ips, origins, created_at,
  no_legacy_sign, strong_only, arrays_need_allow_list, no_authorization_copy, no_socket_login,
  max_unsettled, max_unsettled_payer
from project where id = $1;

-- name: Projects :many
select id, name, active, market, no_wait, legacy_statuses, multiplier, commission, result_url, events_url,
  success_url, fail_url, webhook_encoding, rate_limit, allowed_ips, origins, created_at,
  no_legacy_sign, strong_only, arrays_need_allow_list, no_authorization_copy, no_socket_login,
  max_unsettled, max_unsettled_payer
from project order by id;

-- name: InsertProject :execrows
insert into project (id, name, active, market, no_wait, legacy_statuses, multiplier, commission, result_url,
  events_url, success_url, fail_url, webhook_encoding, rate_limit, allowed_ips, origins, created_at,
  no_legacy_sign, strong_only, arrays_need_allow_list, no_authorization_copy, no_socket_login,
  max_unsettled, max_unsettled_payer)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)
on conflict (id) do nothing;

-- name: UpdateProject :execrows
update project set name = $2, active = $3, market = $4, no_wait = $5, legacy_statuses = $6, multiplier = $7,
  commission = $8, result_url = $9, events_url = $10, success_url = $11, fail_url = $12, webhook_encoding = $13,
  rate_limit = $14, allowed_ips = $15, origins = $16, no_legacy_sign = $17, strong_only = $18,
  arrays_need_allow_list = $19, no_authorization_copy = $20, no_socket_login = $21,
  max_unsettled = $22, max_unsettled_payer = $23
where id = $1;

-- name: InsertTotals :exec
insert into project_total (project_id) values ($1);

-- name: AddTotals :execrows
update project_total set deals = deals + sqlc.arg(deals), withdrawn = withdrawn + sqlc.arg(withdrawn)
where project_id = sqlc.arg(project_id);

-- name: Totals :one
select deals, withdrawn from project_total where project_id = $1;

-- name: Secrets :many
select purpose, slot, sealed, created_at, used_at from project_secret where project_id = $1;

-- name: Secret :one
select sealed, created_at from project_secret where project_id = $1 and purpose = $2 and slot = 0;

-- The unique key decides between two who rotate at once.
-- name: InsertSecret :execrows
insert into project_secret (project_id, purpose, slot, sealed, created_at) values ($1, $2, $3, $4, $5)
on conflict (project_id, purpose, slot) do nothing;

-- name: ReplaceSecret :execrows
update project_secret set sealed = sqlc.arg(sealed), created_at = sqlc.arg(created_at), used_at = 0
where project_id = sqlc.arg(project_id) and purpose = sqlc.arg(purpose) and slot = 0 and created_at = sqlc.arg(replaced);

-- A rotation has begun when the newer secret was made.
-- name: Rotations :many
select n.project_id, n.purpose, n.created_at from project_secret o
join project_secret n on n.project_id = o.project_id and n.purpose = o.purpose and n.slot = 0
where o.slot = 1 order by n.created_at, n.project_id;

-- name: DropSecrets :exec
delete from project_secret;

-- name: DeleteOldSecret :execrows
delete from project_secret where project_id = $1 and purpose = $2 and slot = 1;

-- name: Settings :many
select name, value from gateway_setting where name in ('maintenance', 'restored', 'merchants_changed');

-- name: MaintenanceSince :many
select cast(s.value as bigint) as since from gateway_setting s
join gateway_setting m on m.name = 'maintenance' and m.value = 'on' where s.name = 'maintenance_since';

-- name: SetSetting :exec
insert into gateway_setting (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value;

-- Any change of projects, secrets or settings: processes compare this number
-- to know that what they remember is old.
-- name: Bump :exec
insert into gateway_setting (name, value) values ('merchants_changed', '1')
on conflict (name) do update set value = cast(cast(gateway_setting.value as bigint) + 1 as text);

-- name: UseSecret :execrows
update project_secret set used_at = $3
where project_id = $1 and purpose = $2 and slot = 0 and used_at = 0 and created_at = $4;

-- An older minute counts into the newer one: a node whose clock is behind must
-- not start it again.
-- name: TakeCalls :one
insert into call_budget (project_id, minute, taken) values ($1, $2, $3)
on conflict (project_id) do update set
  taken = case when call_budget.minute >= excluded.minute then call_budget.taken + excluded.taken else excluded.taken end,
  minute = case when call_budget.minute >= excluded.minute then call_budget.minute else excluded.minute end
returning taken;

-- Dated no earlier than the clock by which it is forgotten.
-- name: UseNonce :execrows
insert into request_nonce (project_id, nonce, at)
values (sqlc.arg(project_id), sqlc.arg(nonce), coalesce((select c.at from idempotency_clock c where c.at > sqlc.arg(wall)), sqlc.arg(wall)))
on conflict (project_id, nonce) do nothing;

-- name: DropNonces :execrows
delete from request_nonce where at < $1;
