#!/usr/bin/env bash
# The server of the database is lost: a standby that has every commit takes its
# place, and the gateway goes on by itself. Where root may make networks, the
# server's machine falls silent, as at a loss of power; else its process dies.
# Clients buy all the time: each repeats a call with its key until it is
# answered, and has bought once.
root=$(cd "$(dirname "$0")/../.." && pwd)
if [ -z "$(. "$root/scripts/tools.sh" && find_postgres)" ]; then
  echo "not exercised: PostgreSQL is not installed"
  exit 0
fi
if [ -z "${DRILL_APART:-}" ]; then # a network of our own
  if [ "$(id -u)" = 0 ] && unshare -n ip link add drill0 type veth peer name drill1 2>/dev/null; then DRILL_APART=yes exec unshare -n "$0"; fi
  export DRILL_APART=no
fi
. "$root/scripts/drills/lib.sh"
postgres_as_nobody
one=127.0.0.1 within_one=()
if [ $DRILL_APART = yes ]; then
  ip link set lo up
  unshare -n sleep 1000 &
  machine=$!
  pids+=("$machine")
  apart() { [ "$(readlink /proc/$machine/ns/net)" != "$(readlink /proc/self/ns/net)" ]; }
  within 10 apart
  one=10.99.0.2 within_one=(nsenter -t "$machine" -n)
  ip link add drill0 type veth peer name drill1 netns "$machine"
  ip addr add 10.99.0.1/24 dev drill0
  ip link set drill0 up
  "${within_one[@]}" ip addr add $one/24 dev drill1
  "${within_one[@]}" ip link set drill1 up
fi
port=$((20000 + RANDOM % 12000))
say "two servers; a commit is on both disks before it is acknowledged"
new_server one
start_server one $one $port "${within_one[@]}"
first=$server
within 30 up "$one:$port"
"${as[@]}" "$(pg_bin)/pg_basebackup" -R -c fast -D "$work/two" -d "postgres://skinrail@$one:$port/postgres" 2>>"$work/two.log"
start_server two 127.0.0.1 $((port + 1))
within 30 up "127.0.0.1:$((port + 1))"
pg psql -q "postgres://skinrail@$one:$port/postgres" -c "alter system set synchronous_standby_names = '*'" -c "select pg_reload_conf()" >/dev/null
synchronous() { pg psql -At "postgres://skinrail@$one:$port/postgres" -c "select sync_state from pg_stat_replication" | sees '^sync'; }
within 30 synchronous
pg psql -q "postgres://skinrail@$one:$port/postgres" -c "create database skinrail"

large_world
start --world "$work/world.json"
database="postgres://skinrail@127.0.0.1:$((port + 1)),$one:$port/skinrail?sslmode=disable"
business
node gateway
within 60 ready_to_trade
for n in 1 2 3; do give "before-$n" | has '"success"'; done
for n in 1 2 3; do within 60 is "before-$n" accepted; done
skinrail project set "$id" rate_limit=100000 --database "$database" >/dev/null
skinrail project pay-in "$id" 900 --ref wire-2 --by drill --database "$database" >/dev/null
say "a standby alone is refused: what it shows may be old"
skinrail audit --database "postgres://skinrail@127.0.0.1:$((port + 1))/skinrail?sslmode=disable" >"$work/said" 2>&1 && fail "an audit of a standby"
has "standby" <"$work/said"

customers 6
sleep "1.$RANDOM"
if [ $DRILL_APART = yes ]; then say "the server falls silent"; else say "the server dies"; fi
if [ $DRILL_APART = yes ]; then "${within_one[@]}" ip link set drill1 down; else kill -QUIT "$first"; fi
began=$(date +%s%N)
"${as[@]}" "$(pg_bin)/pg_ctl" promote -D "$work/two" >>"$work/two.log"
pg psql -q "postgres://skinrail@127.0.0.1:$((port + 1))/postgres" -c "alter system set synchronous_standby_names = ''" -c "select pg_reload_conf()" >/dev/null
goes_on() { give "after-$RANDOM$RANDOM" | sees '"success"'; }
within 15 goes_on
echo "the gateway goes on after $((($(date +%s%N) - began) / 1000000)) ms"
sleep 1
enough
give after | has '"success"'
within 60 is after accepted
give before-1 | has custom_id_already_exists
for n in 1 2 3; do [ "$(status "before-$n")" = accepted ] || fail "before-$n was acknowledged and is lost"; done

say "what was bought meanwhile is there once"
sql() { pg psql -At "postgres://skinrail@127.0.0.1:$((port + 1))/skinrail" "$@"; }
sql -F ' ' -c "select custom_id, id from purchase where custom_id like 'load-%'" | sort >"$work/booked"
diff "$work/answered" "$work/booked" || fail "what was answered is not what is booked"
bought_once
# A send that the failover cut off is looked for on Steam for five minutes, once at least here.
at_rest() { [ "$(sql -c "select count(*) from trade where state in ('wanted', 'sending', 'unconfirmed', 'active') or (state = 'unknown' and misses = 0)")" = 0 ]; }
within 60 at_rest
curl -s "$steam/sim/offers?partner=76561198000000101" >"$work/offers"
sql >"$work/twice" <<SQL
\\set offers \`cat '$work/offers'\`
select split_part(o->>'message', ' ', 1), count(*) from json_array_elements(cast(:'offers' as json)->'offers') o
where o->>'state' in ('3', 'Accepted') group by 1 having count(*) > 1
SQL
[ ! -s "$work/twice" ] || fail "accepted twice: $(cat "$work/twice")"
delivered=$(grep -oE '"state": ?("Accepted"|3)' "$work/offers" | wc -l)
[ "$delivered" = "$(sql -c "select count(*) from purchase where accepted_at > 0")" ] || fail "Steam has $delivered accepted offers"
[ "$(sql -c "select count(*) from purchase where accepted_at = 0")" = "$(sql -c "select count(*) from trade where state = 'unknown'")" ] || fail "purchases have failed"
owed=$(sql -c "select 1000000 - sum(price) from purchase")
balance=$(call '{"method":"balance"}' | field balance)
[ "$(printf '%.0f' "${balance}e3")" = "$owed" ] || fail "the balance is $balance, the orders say $owed thousandths"
skinrail audit --database "$database" | has "the books are right"
kill -TERM "$gateway"
