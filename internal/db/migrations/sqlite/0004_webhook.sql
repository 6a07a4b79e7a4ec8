-- +goose Up
create table feed_cursor (
  reader     text   not null,
  project_id integer not null,
  seq        integer not null,
  primary key (reader, project_id)
) strict;

-- One event to one endpoint. body is what is sent, byte for byte, at every try,
-- until the secret that signed it is no longer in force: key_at says which it
-- was. due_at is when it is tried next; replayed is how many tries were made
-- before it was last put back by hand; failing is true from a failed try until
-- it is delivered or superseded.
create table delivery (
  id           integer primary key,
  event_id     text   not null,
  project_id   integer not null,
  seq          integer not null,
  endpoint     text   not null check (endpoint in ('result', 'events')),
  subject      text   not null,
  version      integer not null,
  url          text   not null,
  content_type text   not null,
  body         blob not null,
  key_at       integer not null,
  state        text   not null check (state in ('pending', 'delivered', 'superseded', 'failed')),
  tries        integer not null default 0,
  replayed     integer not null default 0,
  failing      integer not null default false,
  due_at       integer not null,
  last_code    integer not null default 0,
  last_error   text   not null default '',
  created_at   integer not null,
  ended_at     integer not null default 0,
  unique (event_id, endpoint)
) strict;
create index delivery_pending on delivery (subject, endpoint, version) where state = 'pending';
create index delivery_project on delivery (project_id, id);
create index delivery_failing on delivery (project_id, endpoint, id) where failing;
create index delivery_failed on delivery (project_id, created_at) where state = 'failed';

create table attempt (
  delivery_id integer not null references delivery (id),
  n           integer not null,
  at          integer not null,
  took        integer not null,
  code        integer not null,
  error       text   not null,
  primary key (delivery_id, n)
) strict;

-- The queue: one lane per subject and endpoint, there only while something of
-- the subject is pending, so that one delivery of it is in flight at a time
-- (lease_until, of the wall clock) and a long backlog costs nothing. Whoever
-- adds, claims or ends a delivery changes the lane's row first, which orders
-- them. fence names the claim: an older one can write nothing.
create table lane (
  id          integer primary key,
  subject     text   not null,
  endpoint    text   not null,
  host        text   not null,
  due_at      integer not null,
  lease_until integer not null default 0,
  fence       integer not null default 0,
  unique (subject, endpoint)
) strict;
create index lane_host on lane (host, due_at, id);
create index lane_idle on lane (due_at) where lease_until = 0;
create index lane_leased on lane (host) where lease_until > 0;

-- One row, changed by each claim: claims run one after the other, so that the
-- limit per host holds for all processes together.
create table lane_turn (
  id    integer primary key check (id = 1),
  fence integer not null
) strict;
insert into lane_turn (id, fence) values (1, 0);
