-- +goose Up
-- A row is the intent to make one offer, written before Steam is called.
-- reference stands in the offer's message: by it an unclear send is found again.
create table trade (
  id          integer primary key,
  reference   text   not null unique,
  owner       text   not null,
  bot         text   not null,
  partner     text   not null,
  token       text   not null,
  direction   text   not null check (direction in ('give', 'receive')),
  state       text   not null,
  problem     text   not null default '',
  offer_id    text   unique,
  steam_trade text   unique,
  version     integer not null default 1,
  tries       integer not null default 0,
  misses      integer not null default 0,
  due_at      integer not null,
  deadline    integer not null,
  created_at  integer not null,
  sent_at     integer not null default 0,
  accepted_at integer not null default 0,
  settle_at   integer not null default 0,
  checked_at  integer not null default 0,
  ended_at    integer not null default 0
) strict;
-- At most one live try per order (I10). A live one has no end; a list of states
-- here would cost SQLite a table of its own in every insert.
create unique index trade_live on trade (owner)
  where ended_at = 0;
create index trade_due on trade (bot, due_at)
  where ended_at = 0;

create table trade_asset (
  trade_id    integer not null references trade (id),
  line        integer not null,
  app         integer not null,
  context     text   not null,
  asset       text   not null,
  class_id    text   not null,
  instance_id text   not null,
  name        text   not null,
  new_context text   not null default '',
  new_asset   text   not null default '',
  primary key (trade_id, line)
) strict;
create index trade_asset_id on trade_asset (app, asset);

create table trade_move (
  trade_id   integer not null references trade (id),
  version    integer not null,
  from_state text   not null,
  to_state   text   not null,
  at         integer not null,
  note       text   not null,
  primary key (trade_id, version)
) strict;
