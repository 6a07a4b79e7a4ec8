#!/usr/bin/env bash
# The kernel makes the disk read-only under the gateway, as it does with one that
# it takes for broken: nothing more is acknowledged, the gateway ends with a
# clear error, says why it cannot start, and goes on once the disk is mended.
# Under PostgreSQL's server: nodes refuse until it has its disk again.
[ -n "${DRILL_APART:-}" ] || [ "$(id -u)" != 0 ] || DRILL_APART=1 exec unshare -m "$0"
. "$(dirname "$0")/lib.sh"
own_disk 128
large_world
start --world "$work/world.json"
stop TERM
move_data
start
give before | has '"success"'
say "the disk becomes read-only"
(sleep "0.$RANDOM" && broken "$pid") &
runs_out give
grep "can no longer keep what it is given" "$work/err" || fail "it does not say why"
for command in doctor audit "sandbox --listen 127.0.0.1:0 --steam-listen 127.0.0.1:0"; do
  skinrail $command --data "$data" >"$work/said" 2>&1 && fail "$command without a disk"
  has "read-only file system" <"$work/said"
done
say "mended: started, and everything acknowledged is there (${#acknowledged[@]} orders)"
mended
start
all_kept
skinrail audit --data "$data" | has "the books are right"
goes_on() { give "after-$RANDOM$RANDOM" | sees '"success"'; }
within 30 goes_on
stop TERM
umount "$work/disk"

if [ -z "$(pg_bin)" ]; then
  echo "not exercised: a PostgreSQL that takes no writes"
  exit 0
fi
postgres_as_nobody
port=$((20000 + RANDOM % 12000))
mkfs_disk 256
mount_disk
chmod 777 "$work/disk"
new_server disk/server
small=(disk/server 127.0.0.1 $port)
start_server "${small[@]}"
within 30 up "127.0.0.1:$port"
pg psql -q "postgres://skinrail@127.0.0.1:$port/postgres" -c "create database skinrail"
database="postgres://skinrail@127.0.0.1:$port/skinrail?sslmode=disable"
data=$work/world
start --world "$work/world.json"
business
node gateway
within 60 ready_to_trade
give before | has '"success"'
within 60 is before accepted

say "PostgreSQL takes no writes"
takes() { pg psql -q "postgres://skinrail@127.0.0.1:$port/postgres" -c "alter system set default_transaction_read_only = $1" -c "select pg_reload_conf()" >/dev/null; }
takes on
refused() { give "refused-$RANDOM$RANDOM" | sees '"error_code":-9'; }
within 15 refused
call '{"method":"market_getinfo","custom_ids":["before"]}' | has accepted
PGOPTIONS="-c default_transaction_read_only=off" takes off
within 30 goes_on

say "its disk becomes read-only"
skinrail project set "$id" rate_limit=100000 --database "$database" >/dev/null
sync -f "$work/disk/server" # what initdb wrote a moment ago
customers 4
sleep "1.$RANDOM"
broken "$server"
within 15 refused
kill -0 "$gateway" || fail "the gateway has ended"
say "mended: its server is started, and nodes go on by themselves"
kill -QUIT "$server" 2>/dev/null || true
wait "$server" || true
mended
start_server "${small[@]}"
within 60 up "127.0.0.1:$port"
within 30 goes_on
enough
bought_once

is before accepted || fail "before was acknowledged and is lost"
skinrail audit --database "$database" | has "the books are right"
kill -TERM "$gateway"
kill -INT "$server"
wait "$server" || true
umount "$work/disk"
