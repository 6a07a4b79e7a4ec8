-- +goose Up
-- Steam's time up to which all was seen; 0: not known.
alter table bot_look add column seen_to integer not null default 0;
