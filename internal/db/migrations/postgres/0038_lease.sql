-- +goose Up
-- A process that works on this database. beat grows while it lives: the others
-- watch it by their own clocks and never compare clocks.
create table node (
  id    text   primary key,
  roles text   not null,
  beat  bigint not null
);

-- Who works on something that only one may work on. The fencing number grows
-- with each change of holder; whoever writes under a lease checks it in the same
-- transaction.
create table lease (
  name   text   primary key,
  holder text   not null,
  fence  bigint not null
);
