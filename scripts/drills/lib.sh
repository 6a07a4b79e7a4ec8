# What the drills share; sourced. A drill works in a folder of its own on the
# real program ($SKINRAIL, built when not given) and ends with 1 when something
# is not as docs/operations.md says.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
data=$work/data
if [ -z "${SKINRAIL:-}" ]; then
  SKINRAIL=$work/skinrail
  (cd "$root" && go build -o "$SKINRAIL" ./cmd/skinrail)
fi
pids=()
finish() {
  for p in "${pids[@]}"; do kill -9 "$p" 2>/dev/null || true; done
  rm -rf "$work"
}
trap finish EXIT

say() { printf '== %s\n' "$*"; }
fail() { printf 'FAILED: %s\n' "$*" >&2; [ ! -e "$work/err" ] || tail -n 20 "$work/err" >&2; exit 1; }
skinrail() { "$SKINRAIL" "$@"; }

# field NAME prints the first text or number of that name in JSON.
field() { sed -n "s/.*\"$1\": *\"\{0,1\}\([^\",}]*\).*/\1/p" | head -n 1; }

# within SECONDS COMMAND... waits until it succeeds.
within() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $end ] || fail "never: $*"
    sleep 0.1
  done
}

# start [ARGS...] runs a gateway with a simulated Steam on $data.
start() {
  rm -f "$work/ready"
  "$SKINRAIL" sandbox --listen 127.0.0.1:0 --steam-listen 127.0.0.1:0 --data "$data" --ready-file "$work/ready" "$@" >"$work/out" 2>"$work/err" &
  pid=$!
  pids+=("$pid")
  within 60 ready
  url=$(field gateway_url <"$work/ready")
  steam=$(field steam_url <"$work/ready")
  id=$(field client_id <"$work/ready")
  secret=$(field client_secret <"$work/ready")
}
ready() { [ -e "$work/ready" ] || { kill -0 "$pid" 2>/dev/null || fail "the gateway does not start"; return 1; }; }

# stop SIGNAL ends the gateway and keeps its exit code in $code.
stop() { kill "-$1" "$pid" 2>/dev/null || true; code=0; wait "$pid" 2>/dev/null || code=$?; }

# call JSON calls the merchant API; control METHOD PATH [JSON] the sandbox.
call() { curl -s -m 30 "$url/api.php" -H "X-CLIENT-ID: $id" -H "X-CLIENT-SECRET: $secret" -d "$1"; echo; }
control() { curl -s -m 60 -X "$1" "$url/sandbox$2" -d "${3:-}"; echo; }
buy() { call "{\"method\":\"market_buy\",\"partner\":\"40000103\",\"token\":\"f8miWU3w\",\"name\":\"P250 | Sand Dune (Field-Tested)\",\"custom_id\":\"$1\"}"; }
status() { call "{\"method\":\"market_getinfo\",\"custom_ids\":[\"$1\"]}" | field offer_status; }
is() { [ "$(status "$1")" = "$2" ]; }
has() { grep -q -e "$1" || fail "expected $1"; }
