-- +goose Up
-- timed: the transaction that made the hold names in its kind the moment before
-- which it may not end ("hold/<not_before>"), and so that moment is sealed with
-- it. Holds of the version before do not say it.
alter table hold add column timed integer not null default 0;

-- Holds whose moment has come are compared with their transactions every
-- minute. Those of purchases have no moment.
create index hold_due on hold (not_before) where state = 'open' and not_before > 0;

drop trigger hold_no_change;
-- +goose StatementBegin
create trigger hold_no_change before update on hold
when old.state <> 'open' or new.state = 'open' or new.id <> old.id or new.from_account <> old.from_account
  or new.to_account <> old.to_account or new.amount <> old.amount or new.not_before <> old.not_before
  or new.opened_at <> old.opened_at or new.timed <> old.timed begin
  select raise(abort, 'the books are append only'); end;
-- +goose StatementEnd
