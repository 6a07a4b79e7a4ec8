-- +goose Up
-- Each index is a place of its own to write to in every purchase or deposit,
-- those by project one for each project. How many rows there were before a
-- moment is found by their numbers, which have an index already; nothing looks
-- for trades by their assets. Quick on a table of any size. A process of the
-- version before lists correctly without them, but reads a project's rows for it.
drop index deposit_created;
drop index purchase_created;
drop index trade_asset_id;

-- What is open is added up by account every minute, all of it and within the
-- index; so it may as well stand in the order in which it comes. Reads the holds
-- once: some seconds for ten million.
drop index hold_open;
create index hold_open on hold (opened_at, to_account, amount) where state = 'open';
