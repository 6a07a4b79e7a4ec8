-- +goose Up
-- Since when a bot has its duty, and since when there is maintenance: who forgot
-- to end it is told. What is so already counts from now on.
alter table bot add column duty_at bigint not null default 0;
update bot set duty_at = cast(extract(epoch from now()) * 1000000 as bigint);
insert into gateway_setting (name, value)
select 'maintenance_since', cast(cast(extract(epoch from now()) * 1000000 as bigint) as text) from gateway_setting where name = 'maintenance' and value = 'on';
