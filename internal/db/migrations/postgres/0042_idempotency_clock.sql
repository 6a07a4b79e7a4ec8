-- +goose Up
-- How far kept answers have aged. It follows the wall clock by two hours a
-- round at most, so that a clock that jumps ahead forgets no key early.
create table idempotency_clock (
  id integer primary key check (id = 1),
  at bigint not null
);
