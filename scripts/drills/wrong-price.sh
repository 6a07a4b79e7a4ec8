#!/usr/bin/env bash
# A source says nonsense: sales stop, the price is set by hand, and taken back.
. "$(dirname "$0")/lib.sh"
name='P250 | Sand Dune (Field-Tested)'
start
before=$(skinrail price show "$name" --data "$data" | sed -n 's/^ *price *\([0-9.]*\) usd/\1/p')
say "nothing is sold while somebody looks"
skinrail maintenance on --data "$data"
maintained() { call '{"method":"balance"}' | sees '"error_code":-9'; }
within 10 maintained
say "the price is $before; by hand it is 0.777"
skinrail price set "$name" 0.777 --by drill --data "$data" | has "by drill"
skinrail maintenance off --data "$data"
costs() { buy "price-$RANDOM$RANDOM" | sees '"price":0.777'; }
within 20 costs
say "taken back"
skinrail price unset "$name" --data "$data" >/dev/null
after=$(skinrail price show "$name" --data "$data" | sed -n 's/^ *price *\([0-9.]*\) usd/\1/p')
echo "before $before, after $after"
[ "$after" != 0.777 ] || fail "the price stays"
