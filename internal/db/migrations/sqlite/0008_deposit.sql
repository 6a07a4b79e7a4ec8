-- +goose Up
create table deposit (
  id              integer primary key,
  project_id      integer not null references project (id),
  order_id        text   not null,
  hash            text   not null unique,
  state           text   not null,
  version         integer not null default 1,
  steam_id        text   not null,
  signed_in       integer not null default false,
  trade_token     text   not null,
  result_url      text   not null,
  success_url     text   not null,
  fail_url        text   not null,
  currency        text   not null,
  min_amount      text   not null,
  max_amount      text   not null,
  multiplier      text   not null,
  commission_rate text   not null, -- of the day it was opened
  custom_currency text   not null,
  custom_rate     text   not null,
  priority_game   text   not null,
  rates           text   not null default '',
  amount          integer not null default 0,
  user_amount     integer not null default 0,
  commission      integer not null default 0,
  reason          text   not null default '',
  trade_id        integer not null default 0,
  offer_id        text   not null default '',
  created_at      integer not null,
  expires_at      integer not null,
  offer_at        integer not null default 0,
  skins_at        integer not null default 0,
  hold_until      integer not null default 0,
  ended_at        integer not null default 0,
  unique (project_id, order_id)
) strict;
create index deposit_open on deposit (expires_at) where state = 'open';

create table deposit_item (
  deposit_id  integer not null references deposit (id),
  line        integer not null,
  app         integer not null,
  context     text   not null,
  asset       text   not null,
  class_id    text   not null,
  instance_id text   not null,
  name        text   not null,
  icon        text   not null,
  price       integer not null,
  user_price  integer not null,
  primary key (deposit_id, line)
) strict;

create table deposit_move (
  deposit_id integer not null references deposit (id),
  version    integer not null,
  from_state text   not null,
  to_state   text   not null,
  at         integer not null,
  note       text   not null,
  primary key (deposit_id, version)
) strict;

-- Prices shown to one payer, good until expires_at.
create table quote (
  id         text   primary key,
  deposit_id integer not null references deposit (id),
  expires_at integer not null,
  body       blob  not null
) strict;
create index quote_deposit on quote (deposit_id);

-- A running Steam sign-in: the state in return_to, bound to a browser's cookie.
create table signin (
  state      text   primary key,
  deposit_id integer not null references deposit (id),
  cookie     text   not null,
  expires_at integer not null
) strict;
create index signin_deposit on signin (deposit_id);

-- Each answer of Steam's sign-in is good once, on all nodes.
create table signin_nonce (
  nonce text   primary key,
  at    integer not null
) strict;
