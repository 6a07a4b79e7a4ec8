-- +goose Up
-- What is known of a Steam user from his deposits in all projects. Sums are
-- kept by the transactions that change them; a count over the deposits would
-- grow with history.
create table risk_user (
  steam_id      text   primary key,
  joined_at     integer not null,
  deposits      integer not null default 0,
  deposits_sum  integer not null default 0,
  rollbacks     integer not null default 0,
  rollbacks_sum integer not null default 0,
  last_at       integer not null default 0
) strict;

-- What his items of a game were worth when they were seen last.
create table risk_inventory (
  steam_id text   not null,
  app      integer not null,
  worth    integer not null,
  seen_at  integer not null,
  primary key (steam_id, app)
) strict;

insert into risk_user (steam_id, joined_at, deposits, deposits_sum, rollbacks, rollbacks_sum, last_at)
select steam_id, min(created_at), count(*), sum(amount),
  sum(case when reason = 'trade_rollback' then 1 else 0 end), sum(case when reason = 'trade_rollback' then amount else 0 end),
  max(skins_at)
from deposit where steam_id <> '' and skins_at > 0 and amount > 0
group by steam_id;
