-- +goose Up
-- seq numbers the bookings of a project without holes and created_at never goes
-- back along it: a page, and how many bookings a stretch of time holds, are
-- look-ups instead of counts. ref says what money was moved outside; unique, so
-- that the same transfer is never booked twice.
create table cash (
  id          integer primary key,
  project_id  integer not null references project (id),
  seq         integer not null,
  direction   text    not null check (direction in ('in', 'out')),
  amount      integer not null check (amount > 0),
  ref         text    not null,
  note        text    not null,
  state       text    not null,
  proposed_by text    not null,
  created_at  integer not null,
  decided_by  text    not null default '',
  decided_at  integer not null default 0,
  reason      text    not null default '',
  unique (project_id, seq),
  unique (project_id, ref)
) strict;
create index cash_time on cash (project_id, created_at, seq);
create index cash_proposed on cash (project_id, seq) where state = 'proposed';

-- The newest number of a project and its time; whoever books locks the row.
create table cash_head (
  project_id integer primary key references project (id),
  seq        integer not null,
  at         integer not null
) strict;
