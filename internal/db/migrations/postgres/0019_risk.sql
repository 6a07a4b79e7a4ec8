-- +goose Up
-- What is known of a Steam user from his deposits in all projects. Sums are
-- kept by the transactions that change them; a count over the deposits would
-- grow with history.
create table risk_user (
  steam_id      text   primary key,
  joined_at     bigint not null,
  deposits      bigint not null default 0,
  deposits_sum  bigint not null default 0,
  rollbacks     bigint not null default 0,
  rollbacks_sum bigint not null default 0,
  last_at       bigint not null default 0
);

-- What his items of a game were worth when they were seen last.
create table risk_inventory (
  steam_id text   not null,
  app      bigint not null,
  worth    bigint not null,
  seen_at  bigint not null,
  primary key (steam_id, app)
);

insert into risk_user (steam_id, joined_at, deposits, deposits_sum, rollbacks, rollbacks_sum, last_at)
select steam_id, min(created_at), count(*), sum(amount),
  sum(case when reason = 'trade_rollback' then 1 else 0 end), sum(case when reason = 'trade_rollback' then amount else 0 end),
  max(skins_at)
from deposit where steam_id <> '' and skins_at > 0 and amount > 0
group by steam_id;
