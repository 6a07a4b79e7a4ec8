-- +goose Up
-- A difference between Steam and what is stored that a person has settled: it
-- stays, and is not told any more.
create table drift_settled (
  kind    text   not null,
  subject text   not null,
  at      bigint not null,
  by_name text   not null,
  note    text   not null,
  primary key (kind, subject)
);
