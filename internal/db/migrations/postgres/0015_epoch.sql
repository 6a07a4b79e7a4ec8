-- +goose Up
-- Event numbers mean something only together with the database that gave them.
-- The epoch is its random name: a reader that comes back with another one is
-- told so. One row.
create table feed_epoch (
  id    bigint primary key check (id = 1),
  epoch text   not null
);
