#!/usr/bin/env bash
# Changes the packages of money, signing and state in small ways and counts what
# their own tests notice (test/mutants). Takes an hour or so; goes on where it
# was interrupted.
#
#   scripts/mutants.sh [--anew] [group | package | package/file.go ...]
set -euo pipefail
cd "$(dirname "$0")/.."

mkdir -p .cache/mutants
go build -o .cache/mutants/tool ./test/mutants
[ ! -d /dev/shm ] || export TMPDIR=/dev/shm # the tests' databases: thousands, each for a moment
exec nice -n 15 .cache/mutants/tool "$@"
