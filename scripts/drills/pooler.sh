#!/usr/bin/env bash
# PgBouncer between the nodes and PostgreSQL gives each transaction another
# session. A URL that does not say so is refused; with it orders are delivered, and
# a node takes over from one that is frozen and from one that is dead.
. "$(dirname "$0")/lib.sh"
pgbouncer=$(. "$root/scripts/tools.sh" && find_pgbouncer)
if [ -z "$pgbouncer" ]; then
  echo "not exercised: PgBouncer is not installed"
  exit 0
fi
server shared
postgres_as_nobody

# pooler [SETTING] runs one before the server, and sets $pooler and its $address.
pooler() {
  local place=${SKINRAIL_TEST_POSTGRES#*@} port=$((20000 + RANDOM % 12000))
  place=${place%%/*}
  printf '"%s" "%s"\n' "$role" "$role" >"$work/users"
  cat >"$work/pgbouncer.ini" <<END
[databases]
* = host=${place%:*} port=${place#*:}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $port
unix_socket_dir =
auth_type = md5
auth_file = $work/users
pool_mode = transaction
default_pool_size = 8
max_client_conn = 400
${1:-}
END
  "${as[@]}" "$pgbouncer" -q "$work/pgbouncer.ini" >>"$work/pgbouncer.log" 2>&1 &
  pooler=$!
  pids+=("$pooler")
  address=$role:$role@127.0.0.1:$port
  within 30 pg psql -At "postgres://$address/postgres" -c "select 1" >>"$work/pgbouncer.log" 2>&1
}
# through sets $unsaid to the URL of $database by way of the pooler, and $pooled to
# the one that says so.
through() {
  unsaid=postgres://$address/${database##*/}
  pooled="$unsaid&default_query_exec_mode=cache_describe"
}

say "a URL that does not say that sessions are shared is refused, whatever the pooler does with it"
new_database
for setting in "" "ignore_startup_parameters = idle_in_transaction_session_timeout, lock_timeout"; do
  pooler "$setting"
  through
  skinrail migrate --database "$unsaid" >"$work/said" 2>&1 && fail "opened through a pooler: ${setting:-as it is}"
  has "default_query_exec_mode=cache_describe" <"$work/said"
  kill -INT "$pooler"
  wait "$pooler" || true
done

say "the sandbox through it"
pooler
through
start --database "$pooled"
buy sandbox | has '"success"'
within 30 is sandbox accepted
skinrail audit --database "$pooled" | has "the books are right"
stop TERM

say "two nodes through it"
data=$work/steam
start --world "$root/cmd/skinrail/testdata/world.example.json"
new_database
through
database=$pooled
business
node first
first_url=$url
within 60 ready_to_trade
node second
for n in 1 2 3; do url=$first_url give "two-$n" | has '"success"'; done
for n in 1 2 3; do within 60 is "two-$n" accepted; done
sessions=$(pg psql -At "$SKINRAIL_TEST_POSTGRES" -c "select count(*) from pg_stat_activity where backend_type = 'client backend' and datname = '$(sed 's,.*/,,; s,?.*,,' <<<"$pooled")'")
echo "two nodes with $sessions sessions"
[ "$sessions" -le 8 ] || fail "sessions are not shared"

say "one is frozen: the other goes on"
kill -STOP "$first"
began=$(date +%s%N)
give frozen | has '"success"'
within 60 is frozen accepted
echo "taken over and delivered after $((($(date +%s%N) - began) / 1000000)) ms"
kill -CONT "$first"
url=$first_url give frozen | has custom_id_already_exists
say "kill -9 of the other: the one that woke goes on"
kill -9 "$second"
url=$first_url
give dead | has '"success"'
within 60 is dead accepted
skinrail audit --database "$pooled" | has "the books are right"
kill -TERM "$first"
