#!/usr/bin/env bash
# Fuzzes every parser of Steam's answers, one target after the other.
#   scripts/fuzz.sh TIME      for each target, as 30s or 10m, or 10000x inputs. What is
# running when a time is over is at times taken for a failure by the fuzzer itself.
set -euo pipefail
cd "$(dirname "$0")/.."
for package in ./internal/steam ./internal/steam/authpb ./internal/steam/web; do
  for target in $(grep -ho '^func Fuzz[A-Za-z0-9]*' "$package"/*_test.go | sed 's/^func //'); do
    echo "$package $target"
    go test "$package" -run '^$' -fuzz "^$target\$" -fuzztime "$1" -fuzzminimizetime 20x
  done
done
