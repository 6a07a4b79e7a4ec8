#!/usr/bin/env bash
# The machine has no memory left while clients buy: the kernel kills the gateway.
# Started again it is ready at once, and what was acknowledged is there, once. The
# memory is that of a control group of its own, which needs root.
. "$(dirname "$0")/lib.sh"

# limited makes the group, $group, by the names of its kind; false when it cannot.
limited() {
  local at name=skinrail-drill-$$
  if at=$(findmnt -n -t cgroup -O memory -o TARGET | head -n 1) && [ -n "$at" ]; then
    limit=memory.limit_in_bytes used=memory.usage_in_bytes killed=memory.oom_control
  elif at=$(findmnt -n -t cgroup2 -o TARGET | head -n 1) && grep -qsw memory "$at/cgroup.subtree_control"; then
    limit=memory.max used=memory.current killed=memory.events
  else
    return 1
  fi
  group=$at/$name
  mkdir "$group" 2>/dev/null || return 1
  # Whoever kills the drill does not see to it.
  setsid bash -c 'tail --pid=$0 -s 0.2 -f /dev/null; until rmdir "$1" || [ ! -e "$1" ]; do sleep 0.2; done' $$ "$group" >/dev/null 2>&1 &
  [ ! -e "$group/memory.swap.max" ] || echo 0 >"$group/memory.swap.max"
  [ -e "$group/$limit" ]
}
if ! limited; then
  echo "not exercised: only root may limit memory here, of a kernel that does"
  exit 0
fi
large_world
start --world "$work/world.json"
skinrail project set "$id" rate_limit=100000 --data "$data" >/dev/null
echo "$pid" >"$group/cgroup.procs"
customers 4
some() { [ "$(cat "$work"/bought.* 2>/dev/null | wc -l)" -ge 10 ]; }
within 30 some
say "no more memory than it has"
# What can be done without goes first, then something is needed that is not there.
ends() { { echo $(($(<"$group/$used") - 65536)) >"$group/$limit" || true; ! kill -0 "$pid"; } 2>/dev/null; }
within 30 ends
code=0
wait "$pid" || code=$?
enough
[ $code = 137 ] || fail "it ended with $code"
grep -E '^oom_kill [1-9]' "$group/$killed" || fail "it was not the kernel"
say "started again"
began=$(date +%s%N)
start
echo "ready again after $((($(date +%s%N) - began) / 1000000)) ms"
bought_once
ends() { control POST /clock '{"advance":"61s"}' >/dev/null; is "$1" accepted; } # a send that was cut off is looked for first
while read -r name number; do is "$name" accepted || within 60 ends "$name"; done <"$work/answered"
skinrail audit --data "$data" | has "the books are right"
