#!/usr/bin/env bash
# PostgreSQL's own tools: a dump of one moment, and a base backup with the log
# streamed beside it, from which nothing acknowledged is lost. Restored, marked,
# closed, released.
. "$(dirname "$0")/lib.sh"
server own # it is going to be lost
start --world "$root/cmd/skinrail/testdata/world.example.json"
new_database
business
node gateway
within 60 ready_to_trade
give kept | has '"success"'
within 60 is kept accepted

say "pg_dump, while it serves"
pg pg_dump -Fc -f "$work/moment.dump" "$database"
first=$database
new_database
pg pg_restore -d "$database" "$work/moment.dump"
skinrail restore --mark --database "$database" --key-file "$work/key" | has "the books are right"
skinrail audit --database "$database" | has "the books are right"

say "pg_basebackup, and from now on every commit is on two disks before it is acknowledged"
database=$first
mkdir "$work/wal"
"$(pg_bin)/pg_receivewal" -D "$work/wal" --synchronous -d "$SKINRAIL_TEST_POSTGRES" >"$work/wal.log" 2>&1 &
receiver=$!
pids+=("$receiver")
pg pg_basebackup -X none -c fast -D "$work/base" -d "$SKINRAIL_TEST_POSTGRES" 2>>"$work/wal.log"
pg psql -q "$SKINRAIL_TEST_POSTGRES" -c "alter system set synchronous_standby_names = 'pg_receivewal'" -c "select pg_reload_conf()" >/dev/null
synchronous() { pg psql -At "$SKINRAIL_TEST_POSTGRES" -c "select sync_state from pg_stat_replication" | sees '^sync'; }
within 30 synchronous
for n in 1 2 3 4 5; do give "late-$n" | has '"success"'; done
# An offer that may have been sent or not keeps a restored gateway closed until it
# is sure, for some five minutes; that is not what is drilled here.
for n in 1 2 3 4 5; do within 60 is "late-$n" accepted; done

say "a mark is refused while a node runs"
skinrail restore --mark --database "$database" --key-file "$work/key" >"$work/said" 2>&1 && fail "marked under a running node"
has "runs on this database" <"$work/said"

say "the server is lost with its disk"
folder=$(pg psql -At "$SKINRAIL_TEST_POSTGRES" -c "show data_directory")
kill -9 "$gateway"
kill -QUIT "$(head -n 1 "$folder/postmaster.pid")"
gone() { ! kill -0 "$receiver" 2>/dev/null || grep -q "disconnected" "$work/wal.log"; }
within 30 gone
kill "$receiver" 2>/dev/null || true

say "the base backup with the log, on another server"
for part in "$work"/wal/*.partial; do mv "$part" "${part%.partial}"; done
touch "$work/base/recovery.signal"
cat >>"$work/base/postgresql.auto.conf" <<END
restore_command = 'cp $work/wal/%f %p'
synchronous_standby_names = ''
END
port=$((20000 + RANDOM % 12000))
as=()
if [ "$(id -u)" = 0 ]; then # PostgreSQL refuses to run as root
  user=$(id -un postgres 2>/dev/null || echo nobody)
  chmod 711 "$work"
  chown -R "$user" "$work/base" "$work/wal"
  as=(setpriv "--reuid=$user" "--regid=$(id -g "$user")" --clear-groups)
fi
(. "$root/scripts/tools.sh" && exec "${as[@]}" "$(find_postgres)/postgres" -D "$work/base" -p "$port" -c listen_addresses=127.0.0.1 \
  -c unix_socket_directories="$work/base" -c max_connections=300) >"$work/restored.log" 2>&1 &
restored=$!
pids+=("$restored")
database=$(sed "s/@127.0.0.1:[0-9]*/@127.0.0.1:$port/" <<<"$database")
writable() { [ "$(pg psql -At "$database" -c "select pg_is_in_recovery()" 2>/dev/null)" = f ]; }
within 60 writable
skinrail restore --mark --database "$database" --key-file "$work/key" | has "the books are right"
node gateway
say "closed until Steam and the records agree, then everything acknowledged is there"
open() { call '{"method":"balance"}' | sees '"success"'; }
within 60 open
for name in kept late-1 late-2 late-3 late-4 late-5; do
  [ -n "$(status "$name")" ] || fail "$name was acknowledged and is lost"
done
skinrail audit --database "$database" | has "the books are right"
kill -9 "$gateway"
kill -INT "$restored"
wait "$restored" || true
