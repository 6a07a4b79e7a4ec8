-- +goose Up
-- A bot in quarantine sends and confirms nothing; what it has out is only read
-- and withdrawn.
alter table bot add column quarantined integer not null default false;
-- When the reason why a bot cannot work ends by itself, as far as is known.
alter table bot add column health_until integer not null default 0;
