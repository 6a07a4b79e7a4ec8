#!/usr/bin/env bash
# A gateway from nothing: what serve lacks it names, the key is made once, and
# /readyz says what is still missing.
. "$(dirname "$0")/lib.sh"
say "serve names everything that it lacks, at once"
skinrail serve >"$work/lacks" 2>&1 && fail "serve started without a configuration"
for flag in --public-url --key-file --steam-url --steam-api-url; do has "$flag" <"$work/lacks"; done
say "key, schema, the first project"
(umask 077; od -An -N32 -tx1 /dev/urandom | tr -d ' \n' >"$work/key")
skinrail migrate --data "$data" | has "up to date"
skinrail project add "First shop" --data "$data" --key-file "$work/key" | has secret
say "it serves; without a bot it is alive and not ready"
"$SKINRAIL" serve --listen 127.0.0.1:0 --data "$data" --public-url https://pay.example --key-file "$work/key" \
  --steam-url http://127.0.0.1:9 --steam-api-url http://127.0.0.1:9 >"$work/out" 2>"$work/err" &
pid=$!
pids+=("$pid")
within 30 test -s "$data/url"
url=$(cat "$data/url")
curl -s "$url/healthz" | has ok
curl -s "$url/readyz" | has no_bots
stop TERM
[ $code = 0 ] || fail "it ended with $code"
