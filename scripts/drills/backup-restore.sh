#!/usr/bin/env bash
# The disk of the database is lost, Steam goes on: restored, closed, adopted, open.
. "$(dirname "$0")/lib.sh"
start
say "a backup while the gateway serves"
buy kept | has '"success"'
within 30 is kept accepted
skinrail backup "$work/backup.db" --data "$data" | tee "$work/said"
has "not in it: the key" <"$work/said"
say "an order after the backup, then the disk is gone"
buy lost | has '"success"'
within 30 is lost accepted
stop KILL
rm "$data"/skinrail.db*
began=$(date +%s%N)
skinrail restore "$work/backup.db" --data "$data" | has closed
start
echo "restored and started in $((($(date +%s%N) - began) / 1000000)) ms"
say "closed: merchants hear of maintenance, the doctor names what nobody ordered"
call '{"method":"balance"}' | has '"error_code":-9'
curl -s "$url/readyz" | has restored
for _ in 1 2 3; do control POST /clock '{"advance":"61s"}' >"$work/clock"; done
skinrail doctor --data "$data" >"$work/doctor" && fail "the doctor finds nothing"
has RESTORED <"$work/doctor"
has trade_unknown <"$work/doctor"
say "understood, and released"
skinrail doctor --release --by drill --data "$data" | has released
opened() { call '{"method":"balance"}' | sees '"success"'; }
within 10 opened
[ "$(status kept)" = accepted ] || fail "the order of before the backup is $(status kept)"
[ "$(buy again | field buy_id)" -gt 1000000 ] || fail "an id is given out again"
skinrail audit --data "$data" | has "the books are right"
