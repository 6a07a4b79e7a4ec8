-- +goose Up
-- balance is kept beside the entries so that the guard of a withdrawal is one
-- comparison in the update that makes it; the audit proves that it equals them.
create table account (
  id        integer primary key,
  path      text   not null unique,
  overdraft integer not null,
  balance   integer not null default 0,
  check (overdraft or balance >= 0)
) strict;

-- ref names what money moved, not who asked: posting it twice is impossible.
create table ledger_transaction (
  id       integer primary key,
  ref      text   not null unique,
  kind     text   not null,
  at       integer not null,
  reverses integer unique references ledger_transaction (id)
) strict;

create table entry (
  transaction_id integer not null references ledger_transaction (id),
  line           integer not null,
  account_id     integer not null references account (id),
  amount         integer not null check (amount <> 0),
  primary key (transaction_id, line)
) strict;
create index entry_account on entry (account_id);

-- A hold is money set aside until one thing is known. Its state changes once.
create table hold (
  id           text   primary key,
  from_account integer not null references account (id),
  to_account   integer not null references account (id),
  amount       integer not null check (amount > 0),
  not_before   integer not null,
  state        text   not null check (state = 'open' or state = 'released' or state = 'voided'),
  opened_at    integer not null,
  resolved_at  integer not null default 0
) strict;
create index hold_open on hold (to_account) where state = 'open';

-- Entries and transactions are never changed or deleted: a mistake is
-- corrected by a reversing transaction. The code has no such statement; this
-- is the second lock.
-- +goose StatementBegin
create trigger entry_no_update before update on entry begin
  select raise(abort, 'the books are append only'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger entry_no_delete before delete on entry begin
  select raise(abort, 'the books are append only'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger ledger_transaction_no_update before update on ledger_transaction begin
  select raise(abort, 'the books are append only'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger ledger_transaction_no_delete before delete on ledger_transaction begin
  select raise(abort, 'the books are append only'); end;
-- +goose StatementEnd
