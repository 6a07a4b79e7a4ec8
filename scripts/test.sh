#!/usr/bin/env bash
# Runs every test, with what the machine lacks installed first where that is
# possible. What cannot be covered is named with the reason; with CI=true that
# is a failure. Arguments go to `go test` instead of ./...
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/tools.sh

missing=
[ -n "${SKINRAIL_SKIP_INSTALL:-}" ] || missing=$(scripts/install-test-deps) || true
[ -z "$missing" ] || echo "$missing"

skipped=()
flags=(-shuffle=on -timeout=20m)
if [ -n "$(find_cc)" ]; then
  export CGO_ENABLED=1 # the race detector needs it
  flags+=(-race)
else
  skipped+=("the race detector: no C compiler")
fi

if [ -n "$(find_chromium)" ]; then
  SKINRAIL_TEST_CHROMIUM=$(find_chromium)
  export SKINRAIL_TEST_CHROMIUM
else
  unset SKINRAIL_TEST_CHROMIUM
  skipped+=("the payment page in a browser: no Chromium")
fi

around=()
if [ -z "${SKINRAIL_TEST_POSTGRES:-}" ]; then # a server of one's own is used as it is
  if [ -n "$(find_postgres)" ]; then
    around=(scripts/with-postgres)
  else
    skipped+=("PostgreSQL: it is not installed")
  fi
fi

report() {
  if [ ${#skipped[@]} = 0 ]; then
    echo "skipped: none"
  else
    printf 'skipped: %s\n' "${skipped[@]}"
    [ -z "$missing" ] || echo "$missing"
  fi
}

report
if [ ${#skipped[@]} != 0 ] && [ "${CI:-}" = true ]; then
  echo "CI must cover everything" >&2
  exit 1
fi

scripts/lint.sh
[ $# -gt 0 ] || set -- ./...
"${around[@]}" go test "${flags[@]}" "$@"
report
