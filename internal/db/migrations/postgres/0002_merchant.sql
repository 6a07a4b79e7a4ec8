-- +goose Up
create table project (
  id               bigint primary key,
  name             text   not null,
  active           boolean not null,
  market           boolean not null,
  no_wait          boolean not null,
  legacy_statuses  boolean not null,
  multiplier       text   not null,
  commission       text   not null,
  result_url       text   not null,
  events_url       text   not null,
  success_url      text   not null,
  fail_url         text   not null,
  webhook_encoding text   not null check (webhook_encoding in ('json', 'form')),
  rate_limit       bigint not null,
  allowed_ips      text   not null,
  origins          text   not null,
  created_at       bigint not null
);

-- purpose and slot allow two live secrets of a kind during rotation.
create table project_secret (
  project_id bigint not null references project (id),
  purpose    text   not null check (purpose in ('client', 'webhook')),
  slot       bigint not null,
  sealed     bytea  not null,
  created_at bigint not null,
  primary key (project_id, purpose, slot)
);

-- Running totals, kept by the transactions that change them: a count over the
-- tables would grow with history.
create table project_total (
  project_id bigint primary key references project (id),
  deals      bigint not null default 0,
  withdrawn  bigint not null default 0
);

create table gateway_setting (
  name  text primary key,
  value text not null
);
