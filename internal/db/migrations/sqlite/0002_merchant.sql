-- +goose Up
create table project (
  id               integer primary key,
  name             text   not null,
  active           integer not null,
  market           integer not null,
  no_wait          integer not null,
  legacy_statuses  integer not null,
  multiplier       text   not null,
  commission       text   not null,
  result_url       text   not null,
  events_url       text   not null,
  success_url      text   not null,
  fail_url         text   not null,
  webhook_encoding text   not null check (webhook_encoding in ('json', 'form')),
  rate_limit       integer not null,
  allowed_ips      text   not null,
  origins          text   not null,
  created_at       integer not null
) strict;

-- purpose and slot allow two live secrets of a kind during rotation.
create table project_secret (
  project_id integer not null references project (id),
  purpose    text   not null check (purpose in ('client', 'webhook')),
  slot       integer not null,
  sealed     blob  not null,
  created_at integer not null,
  primary key (project_id, purpose, slot)
) strict;

-- Running totals, kept by the transactions that change them: a count over the
-- tables would grow with history.
create table project_total (
  project_id integer primary key references project (id),
  deals      integer not null default 0,
  withdrawn  integer not null default 0
) strict;

create table gateway_setting (
  name  text primary key,
  value text not null
) strict;
