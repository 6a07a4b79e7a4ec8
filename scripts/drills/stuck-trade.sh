#!/usr/bin/env bash
# Steam does not answer: the order waits as unclear, nothing is refunded or sent
# twice, the bot shows why, and it ends by itself when Steam answers again.
. "$(dirname "$0")/lib.sh"
start
say "Steam drops every answer to a send, and to lists of offers"
control POST /faults '{"endpoint":"send","when":"after","kind":"drop","count":-1}' >/dev/null
control POST /faults '{"endpoint":"offers","kind":"status","value":503,"count":-1}' >/dev/null
buy stuck | has '"success"'
troubled() { skinrail bot list --data "$data" | grep 'Steam does not answer'; }
within 60 troubled
[ "$(status stuck)" = creating_trade ] || fail "without an answer the order is $(status stuck)"
skinrail order 100001/stuck --data "$data" | has "whether the offer was made"
say "Steam answers again"
control DELETE /faults >/dev/null
ends() { control POST /clock '{"advance":"8s"}' >/dev/null; is stuck accepted; }
within 60 ends
offers=$(curl -s "$steam/sim/offers?partner=76561198000265831" | grep -c '"state_name": *"Accepted"' || true)
[ "$offers" = 1 ] || fail "$offers offers were accepted"
skinrail doctor --data "$data" >/dev/null || true
skinrail audit --data "$data" | has "the books are right"
