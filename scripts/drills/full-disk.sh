#!/usr/bin/env bash
# The disk fills up: the gateway stops acknowledging, ends with a clear error,
# and goes on when there is space again. The small disk is in a namespace of its
# own, which needs root or a kernel that gives namespaces to everybody.
if [ -z "${DRILL_APART:-}" ]; then
  for apart in "unshare -m" "unshare -Urm"; do
    if $apart mount -t tmpfs none /mnt 2>/dev/null; then DRILL_APART=1 exec $apart "$0" "$@"; fi
  done
  echo "not exercised: this kernel gives nobody but root a small disk"
  exit 0
fi
. "$(dirname "$0")/lib.sh"
start # the world is made on the large disk
stop TERM
mkdir "$work/disk"
mount -t tmpfs -o size=48m tmpfs "$work/disk"
move_data
start
buy before | has '"success"'
say "the disk is full"
dd if=/dev/zero of="$work/disk/ballast" bs=64k >/dev/null 2>&1 || true
runs_out buy
grep -Ei "no longer keep|full|no space" "$work/err" | tail -n 1
say "space again: started, and everything acknowledged is there (${#acknowledged[@]} orders)"
rm "$work/disk/ballast"
start
all_kept
skinrail audit --data "$data" | has "the books are right"
buy after | has '"success"'
stop TERM
umount "$work/disk"

# PostgreSQL's disk; its server may not run as root, nor as somebody who is root
# in a namespace only.
if [ -z "$(pg_bin)" ] || ! chown 1 "$work/disk" 2>/dev/null; then
  echo "not exercised: a full disk of PostgreSQL"
  exit 0
fi
chown 0 "$work/disk"
postgres_as_nobody
mount -t tmpfs -o size=200m tmpfs "$work/disk"
chmod 777 "$work/disk"
port=$((20000 + RANDOM % 12000))
small=(disk/server 127.0.0.1 $port)
new_server disk/server
printf '%s\n' "min_wal_size = 32MB" "max_wal_size = 48MB" >>"$work/disk/server/postgresql.conf"
start_server "${small[@]}"
within 30 up "127.0.0.1:$port"
pg psql -q "postgres://skinrail@127.0.0.1:$port/postgres" -c "create database skinrail"
database="postgres://skinrail@127.0.0.1:$port/skinrail?sslmode=disable"
data=$work/world
start --world "$root/cmd/skinrail/testdata/world.example.json"
business
node gateway
within 60 ready_to_trade
give before | has '"success"'
within 60 is before accepted
say "the disk of PostgreSQL is full"
dd if=/dev/zero of="$work/disk/ballast" bs=64k >/dev/null 2>&1 || true
acknowledged=()
refused=
for n in $(seq 4000); do # what it has set aside is used up first
  answer=$(call "{\"method\":\"create\",\"order_id\":\"full-$n\"}" || true)
  case $answer in *'"success"'*) acknowledged+=("full-$n") ;; *) refused=$answer && break ;; esac
done
[ -n "$refused" ] || fail "it goes on without space"
echo "after ${#acknowledged[@]} orders: $refused"
kill -0 "$gateway" || fail "the gateway has ended"
say "space again: the gateway goes on by itself"
rm "$work/disk/ballast"
if ! kill -0 "$server" 2>/dev/null; then
  echo "the server has ended: started again"
  start_server "${small[@]}"
fi
within 60 up "127.0.0.1:$port"
goes_on() { give "after-$RANDOM$RANDOM" | sees '"success"'; }
within 30 goes_on
is before accepted || fail "before was acknowledged and is lost"
for name in ${acknowledged[@]+"${acknowledged[@]}"}; do
  call "{\"method\":\"orderstatus\",\"order_id\":\"$name\"}" | has '"success"'
done
skinrail audit --database "$database" | has "the books are right"
kill -TERM "$gateway"
kill -INT "$server"
wait "$server" || true
umount "$work/disk"
