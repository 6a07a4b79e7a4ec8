# What the drills share; sourced. A drill works in a folder of its own on the
# real program ($SKINRAIL, built when not given) and ends with 1 when something
# is not as docs/operations.md says.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
data=$work/data
if [ -z "${SKINRAIL:-}" ]; then
  SKINRAIL=$work/skinrail
  (cd "$root" && go build -o "$SKINRAIL" ./cmd/skinrail)
fi
before=() # runs the gateway of start, and becomes its process
# mortal is before programs that end with the drill, also when it is killed.
mortal=()
if setpriv --pdeathsig KILL true 2>/dev/null; then mortal=(setpriv --pdeathsig KILL); fi
pids=()
finish() {
  for p in "${pids[@]}"; do { kill -9 "$p" && wait "$p"; } 2>/dev/null || true; done
  umount -l "$work/disk" 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT

# server makes sure of a PostgreSQL server for the rest of the drill, which begins
# anew under one; shared says that other databases on it do not matter.
server() {
  if [ "$1" = shared ] && [ -n "${SKINRAIL_TEST_POSTGRES:-}" ] || [ -n "${DRILL_SERVER:-}" ]; then return; fi
  if [ -z "$(. "$root/scripts/tools.sh" && find_postgres)" ]; then
    echo "not exercised: PostgreSQL is not installed"
    exit 0
  fi
  finish
  trap - EXIT
  DRILL_SERVER=own exec "$root/scripts/with-postgres" "$0"
}
pg() { "$(pg_bin)/$1" "${@:2}"; }

# postgres_as_nobody sets $as, before a server's programs: PostgreSQL refuses to
# run as root.
postgres_as_nobody() {
  as=(${mortal[@]+"${mortal[@]/KILL/QUIT}"})
  [ "$(id -u)" = 0 ] || return 0
  local user
  user=$(id -un postgres 2>/dev/null || echo nobody)
  chown "$user" "$work"
  chmod 711 "$work"
  as=(setpriv --pdeathsig QUIT "--reuid=$user" "--regid=$(id -g "$user")" --clear-groups)
}

pg_bin() { . "$root/scripts/tools.sh" && find_postgres; }

# new_server FOLDER makes a server in a folder of $work, which trusts everybody;
# start_server FOLDER ADDRESS PORT [BEFORE...] runs it and sets $server.
new_server() {
  "${as[@]}" "$(pg_bin)/initdb" -D "$work/$1" -U skinrail -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$work/server.log" 2>&1
  echo "host all,replication all all trust" >>"$work/$1/pg_hba.conf"
}
start_server() {
  "${@:4}" "${as[@]}" "$(pg_bin)/postgres" -D "$work/$1" -p "$3" -c listen_addresses="$2" \
    -c unix_socket_directories="$work" -c max_connections=200 >>"$work/server.log" 2>&1 &
  server=$!
  pids+=("$server")
}
up() { pg psql -At "postgres://skinrail@$1/postgres" -c "select 1" >/dev/null 2>&1; }

# new_database makes one on the server, and sets $database to its URL; its $role
# owns it and may do nothing else on the server, as docs/operations.md says.
role=
new_database() {
  local name=drill_$RANDOM$RANDOM at=${SKINRAIL_TEST_POSTGRES#*@}
  if [ -z "$role" ]; then
    role=drill_$RANDOM$RANDOM
    pg psql -q "$SKINRAIL_TEST_POSTGRES" -c "create role $role login password '$role'"
  fi
  pg psql -q "$SKINRAIL_TEST_POSTGRES" -c "create database $name owner $role"
  database=postgres://$role:$role@${at/\/postgres//$name}
}

# own_disk makes a disk with a file system of its own, a file of that many MB, at
# $work/disk, in a namespace that ends with the drill; without root the drill ends.
own_disk() {
  if [ "$(id -u)" != 0 ] || ! mkfs_disk "$1" || ! mount_disk 2>/dev/null; then
    echo "not exercised: only root has a disk of his own here"
    exit 0
  fi
}
mkfs_disk() {
  mkdir -p "$work/disk"
  truncate -s "$1m" "$work/disk.img"
  mkfs.ext4 -q -F "$work/disk.img" 2>/dev/null
}
mount_disk() { mount -o loop,errors=remount-ro "$work/disk.img" "$work/disk"; }

# broken PID is what the kernel does to a disk of which it could not write its
# journal: nothing more can be written, also not to open files. The process that
# works on it and its children stand still meanwhile: of an fsync that is under way
# then, ext4 can say that it is done though it is not (docs/operations.md), and
# PostgreSQL believes that as SQLite does. mended repairs the disk.
broken() {
  kill -STOP "$1"
  within 10 stands_still "$1" # and has no more children from now on
  local p all="$1 $(cat "/proc/$1/task/"*/children)" known=("${pids[@]}")
  pids+=($all) # whatever happens meanwhile, none stands still for ever
  kill -STOP $all 2>/dev/null || true
  for p in $all; do within 10 stands_still "$p"; done
  mount -o remount,abort "$work/disk"
  kill -CONT $all 2>/dev/null || true
  pids=("${known[@]}")
}
stands_still() { ! grep -qsv ') [TXZ] ' "/proc/$1/task/"*/stat; }
mended() {
  within 10 unmounted
  fsck.ext4 -fy "$work/disk.img" >/dev/null 2>&1 || [ $? = 1 ] || fail "the disk cannot be repaired"
  mount_disk
}

unmounted() { umount "$work/disk" 2>/dev/null; }

# move_data moves the sandbox's folder to that disk, but for Steam, which is
# somewhere else.
move_data() {
  mv "$data" "$work/disk/data"
  mv "$work/disk/data/steam" "$work/steam"
  ln -s "$work/steam" "$work/disk/data/steam"
  data=$work/disk/data
  sync -f "$data"
}

# runs_out CALL buys with it until the gateway has ended with an error; what it has
# answered is in $acknowledged, and all_kept looks for that.
runs_out() {
  local n answer
  acknowledged=()
  for n in $(seq 10000); do
    answer=$("$1" "late-$n" || true)
    case $answer in *'"success"'*) acknowledged+=("late-$n") ;; esac
    kill -0 "$pid" 2>/dev/null || break
  done
  ! kill -0 "$pid" 2>/dev/null || fail "it goes on all the same"
  code=0
  wait "$pid" || code=$?
  [ $code = 1 ] || fail "it ended with $code"
}
all_kept() {
  local name
  for name in before ${acknowledged[@]+"${acknowledged[@]}"}; do
    [ -n "$(status "$name")" ] || fail "$name was acknowledged and is lost"
  done
}

# sees PATTERN reads all of what it is given: who stops at the first line that
# fits ends the writer, and with pipefail the drill.
sees() { grep -e "$1" >/dev/null; }

say() { printf '== %s\n' "$*"; }
fail() {
  printf 'FAILED: %s\n' "$*" >&2
  tail -n 20 "$work/err" "$work/server.log" >&2 2>/dev/null || true
  exit 1
}
skinrail() { "$SKINRAIL" "$@"; }

# field NAME prints the first text or number of that name in JSON.
field() { sed -n "s/.*\"$1\": *\"\{0,1\}\([^\",}]*\).*/\1/p" | sed -n 1p; }

# within SECONDS COMMAND... waits until it succeeds; six times as long, because
# a machine that runs other tests too is slow.
within() {
  local end=$((SECONDS + 6 * $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $end ] || fail "never: $*"
    sleep 0.1
  done
}

# start [ARGS...] runs a gateway with a simulated Steam on $data.
start() {
  rm -f "$work/ready"
  ${mortal[@]+"${mortal[@]}"} ${before[@]+"${before[@]}"} "$SKINRAIL" sandbox --listen 127.0.0.1:0 --steam-listen 127.0.0.1:0 --data "$data" --ready-file "$work/ready" "$@" >"$work/out" 2>"$work/err" &
  pid=$!
  pids+=("$pid")
  within 60 ready
  url=$(field gateway_url <"$work/ready")
  steam=$(field steam_url <"$work/ready")
  id=$(field client_id <"$work/ready")
  secret=$(field client_secret <"$work/ready")
}
ready() { [ -e "$work/ready" ] || { kill -0 "$pid" 2>/dev/null || fail "the gateway does not start"; return 1; }; }

# node NAME runs a production gateway on $database, with the simulated Steam, and
# sets $url; its process is in the variable NAME.
node() {
  rm -f "$work/$1.out" # of the same name before: its address is nobody's any more
  ${mortal[@]+"${mortal[@]}"} "$SKINRAIL" serve --listen 127.0.0.1:0 --database "$database" --key-file "$work/key" --public-url https://pay.example --log-level warn \
    --steam-url "$steam" --steam-api-url "$steam" --steam-poll 200ms --steam-login-gap 0s --steam-inventory-gap 0s \
    --steam-confirmation-gap 0s --steam-request-gap 0s >"$work/$1.out" 2>>"$work/err" &
  printf -v "$1" %s $!
  pids+=($!)
  within 60 grep -qs ' node ' "$work/$1.out"
  url=$(sed -n 's/^ *gateway *//p' "$work/$1.out")
}

# business gives the database a bot of the simulated Steam, a price and a
# project with money, whose $id and $secret are set. The sandbox that runs that
# Steam lets go of the bot.
business() {
  (umask 077; od -An -N32 -tx1 /dev/urandom | tr -d ' \n' >"$work/key")
  local where=(--database "$database" --key-file "$work/key")
  skinrail bot stop --data "$data" >/dev/null
  skinrail migrate --database "$database" >/dev/null
  printf '%s\n' 76561198000000101 example_bot aIdWNSL0Uu0AhZiXbJ7kNYmq0cs= iYYWqyDW0rccStpM0VUyLznxe5U= 'example bot password' |
    skinrail bot add "${where[@]}" >/dev/null
  skinrail price set 'P250 | Sand Dune (Field-Tested)' 0.410 --by drill --database "$database" >/dev/null
  skinrail project add Drill market=true --json "${where[@]}" >"$work/project"
  id=$(field client_id <"$work/project") secret=$(field client_secret <"$work/project")
  skinrail project pay-in "$id" 100 --ref wire-1 --by drill --database "$database" >/dev/null
}
ready_to_trade() { curl -s "$url/readyz" | sees '^ok'; }
give() { call "{\"method\":\"market_buy\",\"partner\":\"39734474\",\"token\":\"Aut0-acc\",\"name\":\"P250 | Sand Dune (Field-Tested)\",\"custom_id\":\"$1\"}"; }

# customers N buy one thing after another, each, until `enough` or until the
# process of `start` has ended. They repeat a call with its key until it is answered,
# for which they wait $patience seconds at first, and write down what was bought.
patience=10
customers() {
  local n round=$RANDOM
  rm -f "$work/enough"
  customers=()
  for n in $(seq "$1"); do
    customer "$n" &
    customers+=($!)
  done
  pids+=("${customers[@]}")
}
customer() {
  local n answer first=$patience patience
  for n in $(seq 100000); do
    [ ! -e "$work/enough" ] || return 0
    patience=$first
    until answer=$(keyed "load-$round-$1-$n") && sees '"success"' <<<"$answer"; do
      kill -0 "$pid" 2>/dev/null || return 0
      echo "$answer" >>"$work/refused.$1"
      patience=10
      sleep 0.1
    done
    echo "load-$round-$1-$n $(field buy_id <<<"$answer")" >>"$work/bought.$1"
    sleep 0.1
  done
}
keyed() {
  curl -s -m "$patience" "$url/api.php" -H "X-CLIENT-ID: $id" -H "X-CLIENT-SECRET: $secret" -H "Idempotency-Key: $1" \
    -d "{\"method\":\"market_buy\",\"partner\":\"39734474\",\"token\":\"Aut0-acc\",\"name\":\"P250 | Sand Dune (Field-Tested)\",\"custom_id\":\"$1\"}"
}
enough() {
  touch "$work/enough"
  wait "${customers[@]}"
  sort "$work"/bought.* >"$work/answered"
  echo "figure: $(wc -l <"$work/answered") purchases were answered, $(cat "$work"/refused.* 2>/dev/null | wc -l) answers failed before"
}
bought_once() { # each is the purchase that was answered
  local name number
  while read -r name number; do
    [ "$(keyed "$name" | field buy_id)" = "$number" ] || fail "$name asked for again is another purchase"
  done <"$work/answered"
}

# large_world makes $work/world.json, where much can be bought by `give`.
large_world() { sed 's/"count": 40 /"count": 900 /' "$root/cmd/skinrail/testdata/world.example.json" >"$work/world.json"; }

# stop SIGNAL ends the gateway and keeps its exit code in $code.
stop() { kill "-$1" "$pid" 2>/dev/null || true; code=0; wait "$pid" 2>/dev/null || code=$?; }

# call JSON calls the merchant API; control METHOD PATH [JSON] the sandbox.
call() { curl -s -m 180 "$url/api.php" -H "X-CLIENT-ID: $id" -H "X-CLIENT-SECRET: $secret" -d "$1"; echo; }
control() { curl -s -m 360 -X "$1" "$url/sandbox$2" -d "${3:-}"; echo; }
buy() { call "{\"method\":\"market_buy\",\"partner\":\"40000103\",\"token\":\"f8miWU3w\",\"name\":\"P250 | Sand Dune (Field-Tested)\",\"custom_id\":\"$1\"}"; }
status() { call "{\"method\":\"market_getinfo\",\"custom_ids\":[\"$1\"]}" | field offer_status; }
is() { [ "$(status "$1")" = "$2" ]; }
has() { sees "$1" || fail "expected $1"; }
