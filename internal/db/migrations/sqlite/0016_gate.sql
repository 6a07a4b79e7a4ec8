-- +goose Up
-- Switches whose default breaks nobody who only changed his base URL.
alter table project add column no_legacy_sign integer not null default false;
alter table project add column strong_only integer not null default false;
alter table project add column arrays_need_allow_list integer not null default false;
alter table project add column no_authorization_copy integer not null default false;
alter table project add column no_socket_login integer not null default false;

-- When the merchant first used a secret: from then on what we send is signed
-- with it.
alter table project_secret add column used_at integer not null default 0;

-- Calls of a minute that nodes have taken to give out: a limit shared by all,
-- without a write for each call.
create table call_budget (
  project_id integer primary key,
  minute     integer not null,
  taken      integer not null
) strict;

-- A nonce of a signed request is good once, on all nodes. at is wall time.
create table request_nonce (
  project_id integer not null,
  nonce      text   not null,
  at         integer not null,
  primary key (project_id, nonce)
) strict;
create index request_nonce_at on request_nonce (at);

-- The first answer to a call with an Idempotency-Key, written with its effect.
-- An empty one is not known yet. at is wall time.
create table idempotency (
  project_id integer not null,
  key        text   not null,
  method     text   not null,
  digest     blob  not null,
  answer     blob  not null,
  at         integer not null,
  primary key (project_id, key)
) strict;
create index idempotency_at on idempotency (at);
