-- +goose Up
create table bot (
  steam_id     text   primary key,
  account_name text   not null,
  persona      text   not null,
  trade_token  text   not null,
  sealed       blob  not null,
  session      blob  not null,
  enabled      integer not null,
  acknowledged integer not null default false,
  health       text   not null,
  health_note  text   not null,
  health_at    integer not null,
  created_at   integer not null
) strict;

-- What a bot holds. id is the catalogue id that merchants buy by; a thing that
-- leaves and comes back has another asset id and so another row.
create table bot_item (
  id          integer primary key,
  bot         text   not null references bot (steam_id),
  app         integer not null,
  context     text   not null,
  asset       text   not null,
  class_id    text   not null,
  instance_id text   not null,
  name        text   not null,
  phase       text   not null,
  icon        text   not null,
  kind        text   not null,
  color       text   not null,
  tradable    integer not null,
  present     integer not null,
  reserved_by text   not null default '',
  seen_at     integer not null,
  unique (bot, app, context, asset)
) strict;
create index bot_item_sale on bot_item (app, name, id) where present and tradable and reserved_by = '';

-- Games under Steam's trade protection: their items go out under a hold, and
-- may not share an offer with items of other games.
create table protected_app (
  app integer primary key
) strict;
