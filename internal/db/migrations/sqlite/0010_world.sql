-- +goose Up
-- The sandbox's world: its one clock is wall time plus this offset.
create table world (
  id        integer primary key check (id = 1),
  offset_us integer not null,
  seed      integer not null,
  seeded    integer not null
) strict;
