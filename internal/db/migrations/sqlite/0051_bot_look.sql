-- +goose Up
-- When what Steam shows of a bot was compared with the records last.
create table bot_look (
  bot text not null primary key,
  at  integer not null
) strict;
