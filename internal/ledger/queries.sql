-- name: Balance :one
select balance from account where path = $1;

-- A hold leaves open once: the guard decides between two who resolve it. Its
-- time counts as its transaction says it; 'hold' alone is of the version before.
-- name: Release :one
update hold set state = 'released', resolved_at = sqlc.arg(at)
where hold.id = sqlc.arg(id) and hold.state = 'open' and hold.not_before <= sqlc.arg(at)
  and exists (select 1 from ledger_transaction t where t.ref = 'hold/' || hold.id
    and t.kind in ('hold', 'hold/' || cast(hold.not_before as text)))
returning amount,
  (select a.path from account a where a.id = hold.from_account) as from_path,
  (select a.path from account a where a.id = hold.to_account) as to_path;

-- name: Void :one
update hold set state = 'voided', resolved_at = sqlc.arg(at)
where hold.id = sqlc.arg(id) and hold.state = 'open'
returning amount,
  (select a.path from account a where a.id = hold.from_account) as from_path,
  (select a.path from account a where a.id = hold.to_account) as to_path;

-- name: Entries :many
select a.path, e.amount from ledger_transaction t
join entry e on e.transaction_id = t.id join account a on a.id = e.account_id
where t.ref = $1 order by e.line;

-- name: HoldState :one
select state, not_before from hold where id = $1;

-- What follows names the holds that do not fit, once an audit knows that some
-- do not: how many, and one of them in words.

-- name: AuditOpenings :one
select count(*) as wrong,
  cast(coalesce(min(bad.what), '') as text) as example
from (
  select 'hold ' || h.id || ' of ' || cast(h.amount as text) || ' not before ' || cast(h.not_before as text)
    || case when h.timed then '' else ', which is not sealed' end || ', opened at ' || cast(h.opened_at as text) || ', has no such transaction' as what
  from hold h
  where not exists (
    select 1 from ledger_transaction t
    join entry o on o.transaction_id = t.id and o.account_id = h.from_account and o.amount = -h.amount
    join entry i on i.transaction_id = t.id and i.account_id = h.to_account and i.amount = h.amount
    where t.ref = 'hold/' || h.id and t.at = h.opened_at and t.kind = case when h.timed then 'hold/' || cast(h.not_before as text) else 'hold' end)
) bad;

-- A released hold has a release of its amount not before its time and no void,
-- a voided one a void and no release, an open one neither.
-- name: AuditResolutions :one
select count(*) as wrong,
  cast(coalesce(min(bad.what), '') as text) as example
from (
  select 'hold ' || h.id || ' is ' || h.state || ' with ' || cast(count(r.id) as text) || ' releases and '
    || cast(count(v.id) as text) || ' voids' as what
  from hold h
  left join ledger_transaction r on r.ref = 'release/' || h.id
    and r.at = h.resolved_at and r.at >= h.not_before and exists (select 1 from entry e
      where e.transaction_id = r.id and e.account_id = h.to_account and e.amount = -h.amount)
  left join ledger_transaction v on v.ref = 'void/' || h.id and v.at = h.resolved_at
    and exists (select 1 from entry e
      where e.transaction_id = v.id and e.account_id = h.to_account and e.amount = -h.amount)
    and exists (select 1 from entry e
      where e.transaction_id = v.id and e.account_id = h.from_account and e.amount = h.amount)
  group by h.id, h.state
  having count(r.id) <> case when h.state = 'released' then 1 else 0 end
    or count(v.id) <> case when h.state = 'voided' then 1 else 0 end
) bad;

-- name: AuditOrphans :one
select count(bad.what) as wrong,
  cast(coalesce(min(bad.what), '') as text) as example
from (
  select case when exists (select 1 from hold h
      where h.id = substr(t.ref, length(t.word) + 2) and t.ref = t.word || '/' || h.id
        and t.word in ('hold', case h.state when 'released' then 'release' when 'voided' then 'void' end))
    then null else t.ref || ' belongs to no hold' end as what
  from (select w.ref, case when w.kind like 'hold/%' then 'hold' else w.kind end as word from ledger_transaction w) t
  where t.word in ('hold', 'release', 'void')
) bad;

-- name: Debts :many
select a.path, a.balance from account a where a.path like 'project/%/receivable' and a.balance < 0 order by a.path;
