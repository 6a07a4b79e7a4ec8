-- +goose Up
-- What is live, by bot and state, and what of it is overdue: counted within the
-- index, without a look at the rows.
drop index trade_due;
create index trade_due on trade (bot, state, due_at)
  where ended_at = 0;

-- How much a bot holds of a game in one context of its inventory, as read last,
-- so that nobody has to count items. worth is in thousandths of USD.
create table bot_load (
  bot     text   not null references bot (steam_id),
  app     integer not null,
  context text   not null,
  items   integer not null,
  worth   integer not null,
  primary key (bot, app, context)
) strict;
insert into bot_load (bot, app, context, items, worth)
select bot, app, context, count(*), 0 from bot_item where present group by bot, app, context;

-- Everything was stopped at once by an operator; resume is what enabled was.
alter table bot add column stopped integer not null default false;
alter table bot add column resume integer not null default false;
-- What an operator trusts a bot with: games (names as given, none: all), offers
-- open at once, and the worth it may hold, in thousandths of USD; 0: no limit.
alter table bot add column games text not null default '';
alter table bot add column max_open integer not null default 0;
alter table bot add column max_worth integer not null default 0;
