-- +goose Up
-- What each source last said of a name. at is when it was said, by the source
-- or, where that says nothing, when it was read.
create table price_quote (
  source text   not null,
  app    bigint not null,
  name   text   not null,
  amount bigint not null check (amount > 0),
  volume bigint not null,
  at     bigint not null,
  primary key (source, app, name)
);

-- A price that a person has set: it wins over all sources.
create table price_override (
  app    bigint not null,
  name   text   not null,
  amount bigint not null check (amount > 0),
  set_by text   not null,
  at     bigint not null,
  primary key (app, name)
);

-- sourced: made from quotes, and gone when there are none. anchor is the price
-- from which the move of a day is measured.
alter table price add column sourced boolean not null default false;
alter table price add column anchor bigint not null default 0;
alter table price add column anchor_at bigint not null default 0;

-- Coefficients from a price on; below the first band those of the game hold.
create table price_band (
  app      bigint not null,
  floor    bigint not null,
  buy_in   text   not null,
  sell_out text   not null,
  primary key (app, floor)
);

-- sourced: from a source of rates, and shown only while it is fresh.
alter table currency add column sourced boolean not null default false;
