-- +goose Up
-- What deposits that may still be taken back may be worth together, of a
-- project and of one payer in all projects; 0: no limit.
alter table project add column max_unsettled bigint not null default 0;
alter table project add column max_unsettled_payer bigint not null default 0;

-- Their sums are read from these alone.
create index deposit_unsettled_project on deposit (project_id, amount) where state in ('trading', 'held', 'approved');
create index deposit_unsettled_payer on deposit (steam_id, amount) where state in ('trading', 'held', 'approved');

-- Whoever compares a sum with its limit changes the row of its subject first, so
-- that the next one waits until this one's deposit is in the sum.
create table unsettled_guard (
  subject text primary key
);
