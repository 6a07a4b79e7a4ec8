-- +goose Up
-- Each index is a place of its own to write to in every purchase or deposit,
-- those by project one for each project. How many rows there were before a
-- moment is found by their numbers, which have an index already; nothing looks
-- for trades by their assets. Quick on a table of any size. A process of the
-- version before lists correctly without them, but reads a project's rows for it.
drop index deposit_created;
drop index purchase_created;
drop index trade_asset_id;
