-- +goose Up
-- A credited deposit that Steam has undone after all, once. owed is what the
-- project had not available any more.
create table deposit_taken_back (
  deposit_id integer primary key references deposit (id),
  at         integer not null,
  by_name    text   not null,
  reason     text   not null,
  owed       integer not null
) strict;

-- What a project may owe before its payouts that wait are stopped; no row: the
-- default.
create table debt_limit (
  project_id integer primary key references project (id),
  amount     integer not null check (amount >= 0)
) strict;
