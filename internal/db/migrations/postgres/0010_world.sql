-- +goose Up
-- The sandbox's world: its one clock is wall time plus this offset.
create table world (
  id        bigint primary key check (id = 1),
  offset_us bigint not null,
  seed      bigint not null,
  seeded    boolean not null
);
