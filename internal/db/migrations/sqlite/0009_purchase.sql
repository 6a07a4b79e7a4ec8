-- +goose Up
create table purchase (
  id          integer primary key,
  project_id  integer not null references project (id),
  custom_id   text,
  partner     text   not null,
  token       text   not null,
  item_id     integer not null references bot_item (id),
  -- Stands in bot_item.reserved_by: chosen before the row has an id.
  reservation text   not null,
  bot         text   not null,
  app         integer not null,
  asset       text   not null,
  class_id    text   not null,
  instance_id text   not null,
  name        text   not null,
  price       integer not null check (price > 0),
  state       text   not null,
  version     integer not null default 1,
  reason      text   not null default '',
  offer_id    text   not null default '',
  trade_id    integer not null default 0,
  created_at  integer not null,
  deadline    integer not null,
  accepted_at integer not null default 0,
  settled_at  integer not null default 0,
  ended_at    integer not null default 0,
  unique (project_id, custom_id)
) strict;

create table purchase_move (
  purchase_id integer not null references purchase (id),
  version     integer not null,
  from_state  text   not null,
  to_state    text   not null,
  at          integer not null,
  note        text   not null,
  primary key (purchase_id, version)
) strict;
