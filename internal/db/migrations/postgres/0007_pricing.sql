-- +goose Up
create table price (
  app    bigint not null,
  name   text   not null,
  amount bigint not null check (amount > 0),
  at     bigint not null,
  primary key (app, name)
);

-- Per game: what is paid for a deposited item, what is asked for a sold one,
-- and the least a deposit may be worth.
create table coefficient (
  app         bigint primary key,
  buy_in      text   not null,
  sell_out    text   not null,
  min_deposit bigint not null
);

create table currency (
  code   text   primary key,
  name   text   not null,
  rate   text   not null,
  digits bigint not null,
  at     bigint not null
);
