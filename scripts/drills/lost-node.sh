#!/usr/bin/env bash
# A machine dies: kill -9 and start again, nothing acknowledged is lost. Then,
# where PostgreSQL is installed, one of two nodes on it: the other goes on.
. "$(dirname "$0")/lib.sh"
if [ -z "${DRILL_SERVER:-}" ]; then
  start
  for n in 1 2 3; do buy "node-$n" | has '"success"'; done
  say "kill -9"
  stop KILL
  began=$(date +%s%N)
  start
  echo "ready again after $((($(date +%s%N) - began) / 1000000)) ms"
  ends() { control POST /clock '{"advance":"61s"}' >/dev/null; is "$1" accepted; } # a send that was cut off is looked for first
  for n in 1 2 3; do within 60 ends "node-$n"; done
  buy node-1 | has custom_id_already_exists
  skinrail audit --data "$data" | has "the books are right"
  stop TERM
fi

server shared
data=$work/steam
start --world "$root/cmd/skinrail/testdata/world.example.json"
new_database
business
say "two nodes on one PostgreSQL"
node first
first_url=$url
node second
within 60 ready_to_trade
for n in 1 2 3; do url=$first_url give "two-$n" | has '"success"'; done
for n in 1 2 3; do within 60 is "two-$n" accepted; done
say "kill -9 of the one that took the orders"
kill -9 "$first"
give two-4 | has '"success"'
for n in 1 2 3 4; do within 60 is "two-$n" accepted; done
give two-1 | has custom_id_already_exists
say "it comes back"
node first
give two-5 | has '"success"'
within 60 is two-5 accepted
skinrail audit --database "$database" | has "the books are right"
