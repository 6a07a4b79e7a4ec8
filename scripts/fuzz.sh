#!/usr/bin/env bash
# Fuzzes every parser of what others send, one target after the other.
#   scripts/fuzz.sh DOSE      of each target: 200000x for so many inputs, or 30s, 10m. What is
# running when a time is over is at times taken for a failure by the fuzzer itself.
set -euo pipefail
cd "$(dirname "$0")/.."
targets=0
for package in $(grep -rl --include='*_test.go' '^func Fuzz' internal | xargs -n 1 dirname | sort -u); do
  for target in $(grep -ho '^func Fuzz[A-Za-z0-9]*' "$package"/*_test.go | sed 's/^func //'); do
    echo "$package $target"
    go test "./$package" -run '^$' -fuzz "^$target\$" -fuzztime "$1" -fuzzminimizetime 20x
    targets=$((targets + 1))
  done
done
echo "figure: $targets targets, $1 each"
