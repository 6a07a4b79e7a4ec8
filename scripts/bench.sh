#!/usr/bin/env bash
# Runs the benchmarks and prints one table: operations a second, for the
# variants of one benchmark (Benchmark/variant) the ratio to its first variant,
# and what else a benchmark reports.
# The disk's speed is probed before and after, because it moves: figures of
# durable writes mean something only beside it. Arguments select packages.
# Where PostgreSQL is installed a server is started, and its own pgbench runs
# beside our purchases.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/tools.sh
[ $# -gt 0 ] || set -- ./...
time=${BENCHTIME:-2s}
postgres=$(find_postgres)
if [ -n "$postgres" ] && [ -z "${SKINRAIL_TEST_POSTGRES:-}" ]; then
  exec scripts/with-postgres scripts/bench.sh "$@"
fi
if [ -x "$postgres/pgbench" ]; then
  export SKINRAIL_PGBENCH=$postgres/pgbench
fi

probe() {
  go test -run '^$' -bench '^BenchmarkFsync$' -benchtime 1s ./internal/db |
    awk '/^BenchmarkFsync/ { printf "disk probe: %.0f fsyncs a second\n", 1e9 / $3 }'
}

probe
out=$(mktemp)
trap 'rm -f "$out"' EXIT
go test -run '^$' -bench "${BENCH:-.}" -benchtime "$time" -timeout 2h "$@" >"$out" || { cat "$out" >&2; exit 1; }
awk '
  /^pkg:/ { split("", first) } # names repeat in other packages
  /^Benchmark/ {
    name = $1
    sub(/^Benchmark/, "", name)
    sub(/-[0-9]+$/, "", name)
    if (name == "Fsync") next
    more = ""
    for (i = 3; i < NF; i += 2) {
      unit = $(i + 1)
      if (unit == "ns/op") rate = 1e9 / $i
      else if (unit != "B/op" && unit != "allocs/op" && unit != "calls/s") more = more "  " $i " " unit
    }
    group = name
    sub(/\/.*/, "", group)
    if (!(group in first)) first[group] = rate
    ratio = group == name ? "" : sprintf("%.2f", rate / first[group])
    if (!head++) printf "%-56s %14s %8s\n", "benchmark", "a second", "ratio"
    printf "%-56s %14.0f %8s%s\n", name, rate, ratio, more
  }' "$out"
probe
