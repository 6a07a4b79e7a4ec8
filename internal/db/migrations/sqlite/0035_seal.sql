-- +goose Up
-- Seals chain the books: each takes the transactions that were committed and
-- not sealed yet, and its hash is made of the hash before and all they say.
-- members holds their ids and a short digest of each, so that an audit can name
-- the one that is not what was sealed. n has no holes; at is wall time.
create table ledger_seal (
  n       integer primary key,
  at      integer not null,
  high    integer not null,
  members blob    not null,
  hash    blob    not null
) strict;

-- Where sealing stands; one row, and the lock between two who seal. Everything
-- up to low is sealed or can never come; high is the highest id sealed.
-- verified is the newest seal that was read again and found right.
create table ledger_head (
  id       integer primary key check (id = 1),
  n        integer not null,
  hash     blob    not null,
  low      integer not null,
  high     integer not null,
  verified integer not null default 0
) strict;

-- The sum of all sealed entries of an account, kept by who seals: a balance is
-- this and what is not sealed yet.
create table ledger_sum (
  account_id integer primary key references account (id),
  amount     integer not null
) strict;

-- While its row is there no money moves: an invariant is broken. One row, the
-- first reason stays.
create table ledger_stop (
  id   integer primary key check (id = 1),
  at   integer not null,
  what text    not null
) strict;

-- What is held is compared with the open holds every minute: the index answers.
drop index hold_open;
create index hold_open on hold (to_account, amount) where state = 'open';

-- Seals are append only, and of a hold only its resolution changes, once. As
-- for entries this is the second lock.
-- +goose StatementBegin
create trigger ledger_seal_no_update before update on ledger_seal begin
  select raise(abort, 'the books are append only'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger ledger_seal_no_delete before delete on ledger_seal begin
  select raise(abort, 'the books are append only'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger hold_no_change before update on hold
when old.state <> 'open' or new.state = 'open' or new.id <> old.id or new.from_account <> old.from_account
  or new.to_account <> old.to_account or new.amount <> old.amount or new.not_before <> old.not_before
  or new.opened_at <> old.opened_at begin
  select raise(abort, 'the books are append only'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger hold_no_delete before delete on hold begin
  select raise(abort, 'the books are append only'); end;
-- +goose StatementEnd
