-- name: World :one
select offset_us, seed, seeded from world where id = 1;

-- name: AddWorld :exec
insert into world (id, offset_us, seed, seeded) values (1, $1, $2, false) on conflict (id) do nothing;

-- name: SetOffset :exec
update world set offset_us = $1 where id = 1;

-- name: SetSeeded :exec
update world set seeded = true where id = 1;
