#!/usr/bin/env bash
# Continuous backup of a folder with Litestream: the gateway is under load, all
# is killed, its disk is lost, and the replica is restored. What is lost are the
# orders of the last second. LITESTREAM names the program; without it it is built.
. "$(dirname "$0")/drills/lib.sh"
if [ -z "${LITESTREAM:-}" ]; then
  LITESTREAM=$work/litestream
  (cd "$root/tools/litestream" && go build -o "$LITESTREAM" github.com/benbjohnson/litestream/cmd/litestream)
fi
start --replica "$work/replica"
admin=$(field admin_url <"$work/ready")
cat >"$work/litestream.yml" <<END
dbs:
  - path: $data/skinrail.db
    monitor-interval: 100ms
    replica:
      type: file
      path: $work/replica
      sync-interval: 200ms
END
stream() { # runs it
  "$LITESTREAM" replicate -config "$work/litestream.yml" >>"$work/litestream.log" 2>&1 &
  stream=$!
  pids+=("$stream")
}
stream
behind() { curl -s "$admin/metrics" | sed -n 's/^skinrail_replica_behind_seconds \([0-9]*\).*/\1/p'; }
fresh() { [ "$(behind)" = 0 ]; }
stale() { [ "$(behind)" -ge 3 ]; }
within 30 fresh
say "a replica that stands still is seen in /metrics, and when it goes on"
kill -STOP "$stream"
call '{"method":"create","order_id":"unseen"}' | has '"success"'
within 30 stale
kill -CONT "$stream"
within 60 fresh
say "load for ${LOAD:-10} s: each line is an acknowledged order and when"
end=$((SECONDS + ${LOAD:-10}))
for worker in 1 2 3; do
  (for n in $(seq 100000); do
    [ $SECONDS -lt $end ] || break
    case $(call "{\"method\":\"create\",\"order_id\":\"s$worker-$n\"}") in *'"success"'*) echo "$(date +%s%N) s$worker-$n" ;; esac
  done >"$work/acknowledged.$worker") &
  workers+=($!)
done
wait "${workers[@]}"
killed=$(date +%s%N)
kill -9 "$pid" "$stream"
wait "$pid" "$stream" 2>/dev/null || true
say "everything is killed and the disk is gone"
from_replica() {
  rm -f "$data"/skinrail.db* "$work/restored.db"
  "$LITESTREAM" restore -config "$work/litestream.yml" -o "$work/restored.db" "$data/skinrail.db" >>"$work/litestream.log" 2>&1 || { tail "$work/litestream.log"; fail "the replica cannot be restored"; }
  skinrail restore "$work/restored.db" --data "$data" | has "the books are right"
}
from_replica
start --replica "$work/replica"
admin=$(field admin_url <"$work/ready")
stream
opened() { call '{"method":"balance"}' | sees '"success"'; }
within 60 opened
lost=0 oldest=$killed all=0
while read -r at order; do
  all=$((all + 1))
  if call "{\"method\":\"orderstatus\",\"order_id\":\"$order\"}" | sees '"status":"error"'; then
    lost=$((lost + 1))
    [ "$at" -ge "$oldest" ] || oldest=$at
  fi
done < <(cat "$work"/acknowledged.* | sort -n | tail -n 400)
behind=$(((killed - oldest) / 1000000))
echo "figure: $(cat "$work"/acknowledged.* | wc -l) orders acknowledged, $lost of the last $all lost, the oldest $behind ms before the end"
[ "$lost" -lt "$all" ] || fail "nothing came back"
[ "$behind" -le 1000 ] || fail "more than a second is lost"
say "the replica goes on after that, into the same folder"
call '{"method":"create","order_id":"later-order"}' | has '"success"'
in_replica() {
  rm -f "$work/seen.db"
  "$LITESTREAM" restore -config "$work/litestream.yml" -o "$work/seen.db" "$data/skinrail.db" >>"$work/litestream.log" 2>&1 && grep -qa later-order "$work/seen.db"
}
within 30 in_replica
kill -9 "$pid" "$stream"
wait "$pid" "$stream" 2>/dev/null || true
from_replica
skinrail order "$id/later-order" --data "$data" | has "deposit/"
