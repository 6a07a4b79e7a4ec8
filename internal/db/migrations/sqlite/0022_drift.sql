-- +goose Up
-- A difference between Steam and what is stored here, from the first look that
-- saw it to the first that did not. Seen twice, it is no trade in flight.
create table drift (
  id         integer primary key,
  bot        text    not null,
  kind       text    not null,
  subject    text    not null,
  detail     text    not null,
  looks      integer not null,
  first_seen integer not null,
  last_seen  integer not null,
  gone_at    integer not null default 0,
  unique (bot, kind, subject)
) strict;
create index drift_open on drift (bot) where gone_at = 0;
create index trade_ended on trade (bot, ended_at) where ended_at > 0;
