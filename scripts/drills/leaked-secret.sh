#!/usr/bin/env bash
# A merchant's secret is known to others: a new one beside it, then the old one
# ends.
. "$(dirname "$0")/lib.sh"
start
old=$secret
say "a new secret beside the old one"
fresh=$(skinrail project rotate "$id" --data "$data" --json | field client_secret)
[ -n "$fresh" ] && [ "$fresh" != "$old" ] || fail "no new secret"
good() { secret=$1; call '{"method":"balance"}' | sees '"success"'; }
bad() { ! good "$1"; }
within 10 good "$fresh"
good "$old" || fail "the old secret is gone before the merchant has changed over"
say "the rotation ends"
skinrail project rotate "$id" --finish --data "$data" >/dev/null
within 10 bad "$old"
good "$fresh" || fail "the new secret does not work"
grep -q -e "$old" -e "$fresh" "$work/err" && fail "a secret is in the log"
true
