#!/usr/bin/env bash
# The proofs that take long, one after the other, each with its figures. Without
# the race detector: it has watched the same code in `make test`.
#
#   scripts/soak.sh [short|full] [part ...]
#
# short is what fits every run; full is the whole dose and takes hours. A full
# run that was interrupted goes on after the last finished part of the same
# commit; --anew forgets that.
set -uo pipefail
cd "$(dirname "$0")/.."

dose=${1:-full}
case $dose in short | full) ;; *) echo "usage: scripts/soak.sh [short|full] [part ...]" >&2; exit 2 ;; esac
shift || true
kept=.cache/soak/$(git rev-parse --short HEAD 2>/dev/null || echo none)
if [ "${1:-}" = --anew ]; then rm -rf "$kept"; shift; fi
mkdir -p "$kept"
wanted=" $* "
failed=()

# pick SHORT FULL prints the one of the dose.
pick() { if [ "$dose" = full ]; then echo "$2"; else echo "$1"; fi; }

# part NAME COMMAND... runs one proof and prints what its tests measured.
part() {
  local name=$1 log=$kept/$1.log began=$SECONDS
  shift
  [ "$wanted" = "  " ] || [[ $wanted == *" $name "* ]] || return 0
  if [ "$dose" = full ] && [ -e "$kept/$name.done" ]; then
    echo "== $name: done before"
    sed -n -e 's/^ *[a-z_]*_test\.go:[0-9]*: /   /p' -e 's/^figure: /   /p' "$log"
    return 0
  fi
  echo "== $name"
  if "$@" >"$log" 2>&1; then
    sed -n -e 's/^ *[a-z_]*_test\.go:[0-9]*: /   /p' -e 's/^figure: /   /p' "$log"
    [ "$dose" = full ] && touch "$kept/$name.done"
    echo "   took $((SECONDS - began)) s"
  else
    failed+=("$name")
    tail -n 40 "$log"
    echo "   FAILED after $((SECONDS - began)) s; all of it: $log"
  fi
}

# proof PACKAGE TESTS runs tests by name, loudly, on their own.
proof() { go test -count=1 -timeout=4h -v -run "$2" "$1"; }

part power env SKINRAIL_POWER_CUTS="$(pick 2000 20000)" bash -c "$(declare -f proof); proof ./internal/purchase PowerCut"
part disk env SKINRAIL_DISK_STRIDE="$(pick 20 4)" bash -c "$(declare -f proof); proof ./internal/purchase EachDiskError"
part planted env SKINRAIL_PLANTED="$(pick 8 all)" scripts/with-postgres bash -c "$(declare -f proof); proof ./test/planted Planted"
[ "$dose" = short ] || part mutants scripts/mutants.sh --kept "$kept/mutants"
part kill env SKINRAIL_KILL_ROUNDS="$(pick 30 1000)" scripts/with-postgres bash -c "$(declare -f proof); proof ./cmd/skinrail KilledAtAnyMoment"
part nodes env SKINRAIL_FREEZE="$(pick "" 60s)" SKINRAIL_NODE_KILLS="$(pick 3 150)" scripts/with-postgres bash -c "$(declare -f proof); proof ./cmd/skinrail 'ThreeNodes|RolesOfSeveral|NodesShare'"
# Machines whose clocks are five minutes apart from the database's, and a year.
[ "$dose" = short ] || part clocks env SKINRAIL_CLOCKS=5m,-5m,8784h scripts/with-postgres bash -c "$(declare -f proof); proof ./cmd/skinrail ThreeNodes"

part input env SKINRAIL_BAD_INPUT="$(pick some all)" scripts/with-postgres bash -c "$(declare -f proof); proof ./internal/skinsback BadInput"
part audit env SKINRAIL_BOOKS="$(pick 20000 1000000)" scripts/with-postgres bash -c "$(declare -f proof); proof ./internal/ledger AuditReadsEachTransferOnce"
part orders env SKINRAIL_BOOKS="$(pick 5000 200000)" scripts/with-postgres bash -c "$(declare -f proof); proof ./internal/app AuditComparesAllOrders"
part spend env SKINRAIL_DOUBLE_SPEND="$(pick 20000 200000)" scripts/with-postgres bash -c "$(declare -f proof); proof ./internal/purchase MoneyIsSpentOnce"
part groups env SKINRAIL_GROUPS="$(pick 50 2000)" scripts/with-postgres bash -c "$(declare -f proof); proof ./internal/purchase GroupEqualsOneByOne"
part history env SKINRAIL_HISTORIES="$(pick 8 2000)" scripts/with-postgres bash -c "$(declare -f proof); proof ./internal/skinsback AccountAreLinearizable"

part fuzz scripts/fuzz.sh "$(pick 10000x 200000x)"

# In memory: what is proved is who comes first, not the disk, which the parts above see to.
memory=$([ -d /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}")
part races env TMPDIR="$memory" SKINRAIL_RACES="$(pick 2000 10000)" SKINRAIL_REVERSALS="$(pick 100 500)" scripts/with-postgres bash -c "$(declare -f proof); proof ./internal/app 'ReleaseNever|ManyReversals'"
part reconcile env SKINRAIL_RECONCILE=100000 scripts/with-postgres bash -c "$(declare -f proof); proof ./internal/reconcile HundredDriftsAmongMany"
part simulation env SKINRAIL_SIMULATION_SEEDS="$(pick 60 10000)" bash -c "$(declare -f proof); proof ./cmd/skinrail 'Simulation|SameSeeds|EachCallOfAStory'"

part restore env SKINRAIL_RESTORE_MB="$(pick 100 1000)" bash -c "$(declare -f proof); proof ./cmd/skinrail RestoreTakes"
# A database server lost at one moment after another while clients buy.
failovers() { for round in $(seq "$1"); do DRILL_APART=$([ $((round % 2)) = 1 ] || echo no) scripts/drills/failover.sh || return 1; done; }
part failover bash -c "$(declare -f failovers); failovers $(pick 1 20)"
part stream env LOAD="$(pick 5 60)" scripts/continuous-backup.sh
[ "$dose" = short ] || part release scripts/release.sh soak

if [ ${#failed[@]} -gt 0 ]; then
  echo "failed: ${failed[*]}"
  exit 1
fi
echo "all held"
