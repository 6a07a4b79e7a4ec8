-- name: Insert :one
insert into deposit (project_id, order_id, hash, state, steam_id, trade_token, result_url, success_url, fail_url,
  currency, min_amount, max_amount, multiplier, commission_rate, custom_currency, custom_rate, priority_game, created_at, expires_at, seq)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
returning id;

-- name: ByID :one
select * from deposit where id = $1;

-- name: ByProjectAndID :one
select * from deposit where project_id = $1 and id = $2;

-- name: ByOrder :one
select * from deposit where project_id = $1 and order_id = $2;

-- name: ByHash :one
select * from deposit where hash = $1;

-- name: Numbered :many
select * from deposit where project_id = $1 and seq >= sqlc.arg(first) and seq <= sqlc.arg(last) order by seq desc;

-- name: NumberedItems :many
select i.* from deposit d join deposit_item i on i.deposit_id = d.id
where d.project_id = $1 and d.seq >= sqlc.arg(first) and d.seq <= sqlc.arg(last) and d.state <> 'open' order by d.seq desc, i.line;

-- name: Items :many
select * from deposit_item where deposit_id = $1 order by line;

-- name: Update :execrows
update deposit set state = $1, version = version + 1, rates = $2, amount = $3, user_amount = $4, commission = $5,
  reason = $6, trade_id = $7, offer_id = $8, offer_at = $9, skins_at = $10, hold_until = $11, ended_at = $12
where id = $13 and version = $14 and state = $15;

-- name: SetPayer :execrows
update deposit set steam_id = $1, signed_in = $2, trade_token = $3, version = version + 1
where hash = $4 and state = 'open';

-- name: SetToken :execrows
update deposit set trade_token = $1, version = version + 1 where hash = $2 and steam_id = $3 and state = 'open';

-- name: InsertItem :exec
insert into deposit_item (deposit_id, line, app, context, asset, class_id, instance_id, name, icon, price, user_price)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: DeleteItems :exec
delete from deposit_item where deposit_id = $1;

-- name: DeleteItem :exec
delete from deposit_item where deposit_id = $1 and app = $2 and context = $3 and asset = $4;

-- name: InsertMove :exec
insert into deposit_move (deposit_id, version, from_state, to_state, at, note) values ($1, $2, $3, $4, $5, $6);

-- name: InsertQuote :exec
insert into quote (id, deposit_id, expires_at, body) values ($1, $2, $3, $4);

-- name: Quote :one
select * from quote where id = $1 and deposit_id = $2;

-- name: Crowded :exec
delete from quote where quote.deposit_id = $1 and (quote.expires_at < $2
  or quote.id not in (select q.id from quote q where q.deposit_id = $1 order by q.expires_at desc limit 7));

-- name: DropQuotes :exec
delete from quote where deposit_id = $1;

-- name: DropSignins :exec
delete from signin where deposit_id = $1;

-- name: Overdue :many
select * from deposit where state = 'open' and expires_at <= $1 order by expires_at limit 100;

-- name: NextExpiry :one
select expires_at from deposit where state = 'open' order by expires_at limit 1;

-- name: InsertSignin :exec
insert into signin (state, deposit_id, cookie, expires_at) values ($1, $2, $3, $4);

-- name: TakeSignin :one
delete from signin where state = $1 and cookie = $2 and expires_at > $3 returning deposit_id;

-- name: InsertNonce :exec
insert into signin_nonce (nonce, at) values ($1, $2);

-- name: DropNonces :exec
delete from signin_nonce where at < $1;

-- name: TakeBack :exec
insert into deposit_taken_back (deposit_id, at, by_name, reason, owed) values ($1, $2, $3, $4, $5);

-- name: TakenBack :one
select at, by_name, reason, owed from deposit_taken_back where deposit_id = $1;

-- name: GuardUnsettled :exec
insert into unsettled_guard (subject) values ($1) on conflict (subject) do update set subject = excluded.subject;

-- name: UnsettledOfProject :one
select cast(coalesce(sum(amount), 0) as bigint) as amount from deposit
where project_id = $1 and state in ('trading', 'held', 'approved');

-- name: UnsettledOfPayer :one
select cast(coalesce(sum(amount), 0) as bigint) as amount from deposit
where steam_id = $1 and state in ('trading', 'held', 'approved');
