#!/usr/bin/env bash
# A machine dies: kill -9 and start again, nothing acknowledged is lost. Several
# nodes on one PostgreSQL: docs/nodes.md and make soak PART=nodes.
. "$(dirname "$0")/lib.sh"
start
for n in 1 2 3; do buy "node-$n" | has '"success"'; done
say "kill -9"
stop KILL
began=$(date +%s%N)
start
echo "ready again after $((($(date +%s%N) - began) / 1000000)) ms"
for n in 1 2 3; do within 60 is "node-$n" accepted; done
buy node-1 | has custom_id_already_exists
skinrail audit --data "$data" | has "the books are right"
