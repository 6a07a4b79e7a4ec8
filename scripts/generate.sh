#!/usr/bin/env bash
# Makes the generated code anew: queries (sqlc) and pages (templ). With --check
# it works on a copy, and ends with 1 when the committed code is not the same.
set -euo pipefail
cd "$(dirname "$0")/.."

generate() {
  go tool -modfile=tools/go.mod sqlc generate
  if [ -n "$(find internal -name '*.templ' -print -quit)" ]; then
    go tool -modfile=tools/go.mod templ generate -path internal -log-level error
  fi
}

if [ "${1:-}" != --check ]; then
  generate
  exit 0
fi

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -R go.mod go.sum sqlc.yaml tools internal "$copy"
here=$PWD
cd "$copy"
# What no source makes any more must be gone too.
find internal \( -path '*/sqlc/*.go' -o -name '*_templ.go' \) -delete
generate
cd "$here"
if ! diff -r internal "$copy/internal"; then
  echo "generated code is not up to date: run  make generate" >&2
  exit 1
fi
echo "generated code is up to date"
