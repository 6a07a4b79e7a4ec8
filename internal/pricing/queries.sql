-- name: Prices :many
select app, name, amount from price;

-- name: SetPrice :exec
insert into price (app, name, amount, at) values ($1, $2, $3, $4)
on conflict (app, name) do update set amount = excluded.amount, at = excluded.at;

-- name: Coefficients :many
select * from coefficient;

-- name: SetCoefficient :exec
insert into coefficient (app, buy_in, sell_out, min_deposit) values ($1, $2, $3, $4)
on conflict (app) do update set buy_in = excluded.buy_in, sell_out = excluded.sell_out, min_deposit = excluded.min_deposit;

-- name: Currencies :many
select * from currency order by code;

-- name: SetCurrency :exec
insert into currency (code, name, rate, digits, at) values ($1, $2, $3, $4, $5)
on conflict (code) do update set name = excluded.name, rate = excluded.rate, digits = excluded.digits, at = excluded.at;
