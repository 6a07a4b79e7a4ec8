#!/usr/bin/env bash
# The disk becomes slow: each fsync takes 0.5 s. Orders end late and right,
# nothing is answered before it is on disk, who gives up and asks again has bought
# once, and the operator sees why. Then kill -9 in the middle of it.
. "$(dirname "$0")/lib.sh"
strace=$(. "$root/scripts/tools.sh" && find_strace)
slow=("$strace" -D -f -qq --seccomp-bpf -e trace=fsync,fdatasync -e signal=none)
if [ -z "$strace" ] || ! "${slow[@]}" -o /dev/null true 2>/dev/null; then
  echo "not exercised: a slow disk needs strace, and leave to trace a process"
  exit 0
fi
large_world
start --world "$work/world.json"
skinrail project set "$id" rate_limit=100000 --data "$data" >/dev/null
stop TERM
say "each fsync takes 0.5 s"
before=("${slow[@]}" -P "$data/skinrail.db" -P "$data/skinrail.db-wal" -e inject=fsync,fdatasync:delay_enter=500000 -o "$work/trace")
start --admin-listen 127.0.0.1:0
admin=$(field admin_url <"$work/ready")
figure() { curl -s "$admin/metrics" | sed -n "s/^$1 //p"; }
leases=$(figure skinrail_leases)
for n in 1 2; do
  began=$(date +%s%N)
  give "slow-$n" | has '"success"'
  took=$((($(date +%s%N) - began) / 1000000))
  [ $took -ge 500 ] || fail "answered after $took ms: before it was on disk"
done
within 60 is slow-1 accepted
say "clients that wait for 0.6 s only, and ask again"
patience=0.6
customers 4
sleep 4
enough
patience=10
bought=$(wc -l <"$work/answered")
[ "$bought" -gt 0 ] || fail "nobody was answered"
say "what the operator sees"
ready_to_trade || fail "it is slow, not out of order: $(curl -s "$url/readyz")"
has "the database's disk is slow" <"$work/err"
commits=$(figure skinrail_db_commit_seconds_count)
quick=$(figure 'skinrail_db_commit_seconds_bucket{le="0.5"}')
echo "$quick of $commits commits took less than half a second"
[ $((quick * 4)) -lt "$commits" ] || fail "the figure does not show it"
[ -z "$(figure 'skinrail_step_failures_total{[^}]*}')" ] || fail "steps have failed: $(curl -s "$admin/metrics" | grep '^skinrail_step')"
[ "$(figure skinrail_leases)" = "$leases" ] || fail "it had $leases leases and has $(figure skinrail_leases)"
skinrail doctor --data "$data" >"$work/said" || fail "the doctor sees more than a slow disk: $(cat "$work/said")"
say "kill -9 in the middle"
customers 4
some() { [ "$(cat "$work"/bought.* | wc -l)" -ge $((bought + 4)) ]; }
within 30 some
sleep "0.$RANDOM"
stop KILL
enough
before=()
began=$(date +%s%N)
start
echo "ready again after $((($(date +%s%N) - began) / 1000000)) ms"
bought_once
is slow-1 accepted || fail "slow-1 was acknowledged and is lost"
skinrail audit --data "$data" | has "the books are right"
