-- name: InsertDelivery :execrows
insert into delivery (event_id, project_id, seq, endpoint, subject, version, url, content_type, body, key_at,
  state, due_at, created_at)
values (sqlc.arg(event_id), sqlc.arg(project_id), sqlc.arg(seq), sqlc.arg(endpoint), sqlc.arg(subject),
  sqlc.arg(version), sqlc.arg(url), sqlc.arg(content_type), sqlc.arg(body), sqlc.arg(key_at), 'pending',
  sqlc.arg(now), sqlc.arg(now))
on conflict (event_id, endpoint) do nothing;

-- A lane that waits for a retry is due at once when something newer comes; one
-- that is due keeps its place, one in flight is looked at when that ends.
-- name: OpenLane :one
insert into lane (subject, endpoint, host, due_at) values ($1, $2, $3, $4)
on conflict (subject, endpoint) do update set
  due_at = case when lane.due_at < excluded.due_at then lane.due_at else excluded.due_at end
returning lease_until, fence;

-- What was tried since it was last put back, and has something newer behind it,
-- is not sent again.
-- name: Supersede :execrows
update delivery set state = 'superseded', failing = false, ended_at = sqlc.arg(now)
where delivery.subject = sqlc.arg(subject) and delivery.endpoint = sqlc.arg(endpoint)
  and delivery.state = 'pending' and delivery.tries > delivery.replayed
  and delivery.version < (select max(n.version) from delivery n
    where n.subject = sqlc.arg(subject) and n.endpoint = sqlc.arg(endpoint) and n.state = 'pending');

-- Those of them that were failing: the counter does without them now.
-- name: FailingOlder :many
select delivery.project_id, count(*) as n from delivery
where delivery.subject = sqlc.arg(subject) and delivery.endpoint = sqlc.arg(endpoint) and delivery.failing
  and delivery.state = 'pending' and delivery.tries > delivery.replayed
  and delivery.version < (select max(n.version) from delivery n
    where n.subject = sqlc.arg(subject) and n.endpoint = sqlc.arg(endpoint) and n.state = 'pending')
group by delivery.project_id;

-- name: AddFailing :exec
insert into failing_count (project_id, endpoint, n) values ($1, $2, $3)
on conflict (project_id, endpoint) do update set n = failing_count.n + excluded.n;

-- name: MoveLane :exec
update lane set host = sqlc.arg(host), due_at = sqlc.arg(due_at)
where subject = sqlc.arg(subject) and endpoint = sqlc.arg(endpoint);

-- name: CloseLane :exec
delete from lane where subject = $1 and endpoint = $2;

-- name: Turn :one
update lane_turn set fence = fence + 1 where id = 1 returning fence;

-- name: Lane :one
select subject, endpoint from lane where id = $1;

-- The next delivery of each lane of a claim.
-- name: Claimed :many
select d.id, d.event_id, d.project_id, d.seq, d.endpoint, d.subject, d.version, d.url, d.content_type, d.body, d.key_at,
  d.state, d.tries, d.replayed, d.failing, d.due_at, d.last_code, d.last_error, d.created_at, d.ended_at
from lane l
join delivery d on d.subject = l.subject and d.endpoint = l.endpoint and d.state = 'pending'
where l.lease_until > 0 and l.fence = $1
  and d.version = (select min(n.version) from delivery n
    where n.subject = l.subject and n.endpoint = l.endpoint and n.state = 'pending')
order by l.due_at, l.id;

-- name: CloseEmpty :exec
delete from lane where lane.lease_until > 0 and lane.fence = $1
  and not exists (select 1 from delivery n
    where n.subject = lane.subject and n.endpoint = lane.endpoint and n.state = 'pending');

-- name: EndLease :execrows
update lane set lease_until = 0
where subject = $1 and endpoint = $2 and fence = $3 and lease_until > 0;

-- name: Next :one
select url, due_at from delivery
where subject = $1 and endpoint = $2 and state = 'pending' order by version limit 1;

-- name: NextDue :one
select cast(coalesce(min(due_at), 0) as bigint) as due_at from lane where lease_until = 0;

-- name: SignAnew :execrows
update delivery set url = sqlc.arg(url), content_type = sqlc.arg(content_type), body = sqlc.arg(body),
  key_at = sqlc.arg(key_at)
where delivery.id = sqlc.arg(id) and exists (select 1 from lane l
  where l.subject = delivery.subject and l.endpoint = delivery.endpoint and l.fence = sqlc.arg(fence)
    and l.lease_until > 0);

-- name: InsertAttempt :exec
insert into attempt (delivery_id, n, at, took, code, error) values ($1, $2, $3, $4, $5, $6);

-- name: SetOutcome :exec
update delivery set state = $2, tries = $3, failing = $4, due_at = $5, last_code = $6, last_error = $7, ended_at = $8
where id = $1;

-- name: Find :one
select id, event_id, project_id, seq, endpoint, subject, version, url, content_type, body, key_at, state, tries,
  replayed, failing, due_at, last_code, last_error, created_at, ended_at
from delivery where id = $1 and project_id = $2;

-- name: Deliveries :many
select id, event_id, project_id, seq, endpoint, subject, version, url, content_type, body, key_at, state, tries,
  replayed, failing, due_at, last_code, last_error, created_at, ended_at
from delivery where project_id = sqlc.arg(project_id) and id < sqlc.arg(before) order by id desc limit sqlc.arg(at_most);

-- name: OfSubject :many
select id, event_id, project_id, seq, endpoint, subject, version, url, content_type, body, key_at, state, tries,
  replayed, failing, due_at, last_code, last_error, created_at, ended_at
from delivery where subject = $1 order by version, endpoint;

-- name: Undelivered :many
select id, event_id, project_id, seq, endpoint, subject, version, url, content_type, body, key_at, state, tries,
  replayed, failing, due_at, last_code, last_error, created_at, ended_at
from delivery
where project_id = sqlc.arg(project_id) and endpoint = sqlc.arg(endpoint) and failing and id < sqlc.arg(before)
order by id desc limit sqlc.arg(at_most);

-- name: CountUndelivered :one
select n from failing_count where project_id = $1 and endpoint = $2;

-- name: FailedBetween :many
select id from delivery
where project_id = sqlc.arg(project_id) and state = 'failed'
  and created_at >= sqlc.arg(since) and created_at < sqlc.arg(until)
order by created_at, id limit sqlc.arg(at_most);

-- name: Attempts :many
select n, at, took, code, error from attempt where delivery_id = $1 order by n;

-- name: PutBack :execrows
update delivery set state = 'pending', replayed = tries, due_at = $2, ended_at = 0
where id = $1 and state in ('failed', 'delivered');

-- name: CountLanes :one
select count(*) as n from lane;

-- name: CountFailing :one
select cast(coalesce(sum(n), 0) as bigint) as n from failing_count;

-- name: OldPage :one
select cast(coalesce(max(p.id), 0) as bigint) as last, cast(coalesce(min(p.created_at), 0) as bigint) as oldest
from (select d.id, d.created_at from delivery d where d.id > sqlc.arg(after) order by d.id limit sqlc.arg(at_most)) p;

-- name: ForgetAttempts :exec
delete from attempt where attempt.delivery_id > sqlc.arg(after) and attempt.delivery_id <= sqlc.arg(last)
  and exists (select 1 from delivery d where d.id = attempt.delivery_id and d.state in ('delivered', 'superseded') and d.ended_at < sqlc.arg(before));

-- name: ForgetDeliveries :exec
delete from delivery
where id > sqlc.arg(after) and id <= sqlc.arg(last) and state in ('delivered', 'superseded') and ended_at < sqlc.arg(before);
