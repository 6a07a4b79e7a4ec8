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

# The packages of the tests in other languages, as the lock files have them; no
# install scripts run.
for dir in test/browser test/stacks test/steam; do
  if [ -n "$(find_node)" ] && [ -z "$(find_packages $dir)" ] && [ -z "${SKINRAIL_SKIP_INSTALL:-}" ]; then
    (cd $dir && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2) || true
  fi
done

if [ -z "$(find_php)" ]; then
  skipped+=("clients in PHP: no php with curl and Guzzle")
fi
if [ -z "$(find_node)" ] || [ -z "$(find_packages test/stacks)" ]; then
  skipped+=("clients in JavaScript: no Node, or npm did not get axios")
fi

if [ -z "$(find_node)" ] || [ -z "$(find_packages test/steam)" ]; then
  skipped+=("bot software against the simulator: no Node, or npm did not get its packages")
fi

chromium=
if [ -z "$(find_chromium)" ]; then
  skipped+=("the payment page in a browser: no Chromium")
elif [ -z "$(find_node)" ]; then
  skipped+=("the payment page in a browser: no Node with npm")
elif [ -z "$(find_packages test/browser)" ]; then
  skipped+=("the payment page in a browser: npm did not get playwright-core")
else
  chromium=$(find_chromium)
fi
if [ -n "$chromium" ]; then
  export SKINRAIL_TEST_CHROMIUM=$chromium
else
  unset SKINRAIL_TEST_CHROMIUM
fi

around=()
if [ -z "${SKINRAIL_TEST_POSTGRES:-}" ]; then # a server of one's own is used as it is
  if [ -n "$(find_postgres)" ]; then
    around=(scripts/with-postgres)
  else
    skipped+=("PostgreSQL: it is not installed")
  fi
fi

if [ -z "$(find_pgbouncer)" ]; then
  skipped+=("a connection pooler: PgBouncer is not installed")
fi

if [ -z "$(find_strace)" ]; then
  skipped+=("a slow disk: strace is not installed")
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
