-- name: Prices :many
select app, name, amount from price;

-- name: Sourced :many
select app, name, amount, anchor, anchor_at from price where sourced;

-- name: SetPrice :exec
insert into price (app, name, amount, at) values ($1, $2, $3, $4)
on conflict (app, name) do update set amount = excluded.amount, at = excluded.at, sourced = false;

-- name: SetSourced :exec
insert into price (app, name, amount, at, sourced, anchor, anchor_at) values ($1, $2, $3, $4, true, $5, $6)
on conflict (app, name) do update set amount = excluded.amount, at = excluded.at, sourced = true,
  anchor = excluded.anchor, anchor_at = excluded.anchor_at;

-- name: DropSourced :exec
delete from price where app = $1 and name = $2 and sourced;

-- name: Quotes :many
select source, app, name, amount, volume, at from price_quote order by app, name, source;

-- name: QuotesOf :many
select source, amount, volume, at from price_quote where app = $1 and name = $2 order by source;

-- name: DropQuotes :exec
delete from price_quote where source = $1;

-- name: SetQuote :exec
insert into price_quote (source, app, name, amount, volume, at) values ($1, $2, $3, $4, $5, $6)
on conflict (source, app, name) do update set amount = excluded.amount, volume = excluded.volume, at = excluded.at;

-- name: Overrides :many
select app, name, amount, set_by, at from price_override order by app, name;

-- name: SetOverride :exec
insert into price_override (app, name, amount, set_by, at) values ($1, $2, $3, $4, $5)
on conflict (app, name) do update set amount = excluded.amount, set_by = excluded.set_by, at = excluded.at;

-- name: DropOverride :execrows
delete from price_override where app = $1 and name = $2;

-- name: Bands :many
select app, floor, buy_in, sell_out from price_band order by app, floor;

-- name: DropBands :exec
delete from price_band;

-- name: AddBand :exec
insert into price_band (app, floor, buy_in, sell_out) values ($1, $2, $3, $4);

-- name: Coefficients :many
select * from coefficient;

-- name: SetCoefficient :exec
insert into coefficient (app, buy_in, sell_out, min_deposit) values ($1, $2, $3, $4)
on conflict (app) do update set buy_in = excluded.buy_in, sell_out = excluded.sell_out, min_deposit = excluded.min_deposit;

-- name: Currencies :many
select * from currency order by code;

-- name: SetCurrency :exec
insert into currency (code, name, rate, digits, at, sourced) values ($1, $2, $3, $4, $5, $6)
on conflict (code) do update set name = excluded.name, rate = excluded.rate, digits = excluded.digits, at = excluded.at,
  sourced = excluded.sourced;

-- name: StaleRates :execrows
delete from currency where sourced and at < $1;

-- Any change: processes compare this number to know that what they remember is
-- old.
-- name: Bump :exec
insert into gateway_setting (name, value) values ('prices_changed', '1')
on conflict (name) do update set value = cast(cast(gateway_setting.value as bigint) + 1 as text);

-- name: Changed :one
select value from gateway_setting where name = 'prices_changed';
