-- +goose Up
-- A database that was restored from a backup. What was acknowledged after the
-- backup is lost, and Steam may know more than the records: nothing is sent
-- outward until opened_at is set (G13). Steam is read back to since.
create table restoration (
  id        integer primary key,
  at        integer not null,
  since     integer not null,
  opened_at integer not null default 0,
  opened_by text    not null default ''
) strict;

-- What the last look at each bot after a restore has found.
create table restoration_look (
  restoration_id integer not null references restoration (id),
  bot            text    not null,
  at             integer not null,
  differences    integer not null,
  primary key (restoration_id, bot)
) strict;

-- Ids up to the floor may have been given out after the backup; the next row
-- of the table gets a higher one. Empty in a database never restored.
create table id_floor (
  name  text    primary key,
  floor integer not null
) strict;

-- Numbers and versions up to base belong to the log before the last restore.
alter table feed add column base integer not null default 0;
