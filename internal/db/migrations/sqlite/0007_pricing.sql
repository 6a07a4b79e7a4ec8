-- +goose Up
create table price (
  app    integer not null,
  name   text   not null,
  amount integer not null check (amount > 0),
  at     integer not null,
  primary key (app, name)
) strict;

-- Per game: what is paid for a deposited item, what is asked for a sold one,
-- and the least a deposit may be worth.
create table coefficient (
  app         integer primary key,
  buy_in      text   not null,
  sell_out    text   not null,
  min_deposit integer not null
) strict;

create table currency (
  code   text   primary key,
  name   text   not null,
  rate   text   not null,
  digits integer not null,
  at     integer not null
) strict;
