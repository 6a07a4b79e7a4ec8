-- +goose Up
-- The number of an event comes from this row, updated in the event's own
-- transaction: no holes, and in the order of commits on both engines.
create table feed (
  project_id bigint primary key,
  seq        bigint not null
);

-- version counts the events of one subject; unique, so that two moves of one
-- order can never both believe to be the latest.
create table event (
  project_id bigint not null,
  seq        bigint not null,
  id         text   not null unique,
  kind       text   not null,
  subject    text   not null,
  version    bigint not null,
  at         bigint not null,
  body       bytea  not null,
  primary key (project_id, seq),
  unique (subject, version)
);
