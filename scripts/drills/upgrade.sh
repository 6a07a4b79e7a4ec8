#!/usr/bin/env bash
# Databases of earlier schemas: each is backed up by the program that serves it,
# brought forward, and its books stay the same. Also from a backup.
. "$(dirname "$0")/lib.sh"
for packed in "$root"/scripts/drills/schema-*.db.gz; do
  name=$(basename "$packed" .db.gz)
  data=$work/$name
  mkdir "$data"
  gzip -dc "$packed" >"$data/skinrail.db"
  if ! skinrail doctor --data "$data" >"$work/said" 2>&1 && grep -q older "$work/said"; then
    say "$name: a newer program changes nothing by looking, and makes no backup of it"
    skinrail audit --data "$data" >"$work/said" 2>&1 && fail "an audit by another program"
    has "use the program that serves it" <"$work/said"
    skinrail backup "$work/early.db" --data "$data" >"$work/said" 2>&1 && fail "a backup was made"
    has "use the program that serves it" <"$work/said"
  fi
  say "$name: a backup from before the upgrade is restored by the newer program"
  skinrail restore "$data/skinrail.db" --data "$work/$name-restored" >"$work/said" 2>&1 && fail "restored without a word about the key"
  has "put the key back" <"$work/said"
  skinrail restore "$data/skinrail.db" --data "$work/$name-restored" --without-key | has "the books are right"
  say "$name: migrate, and the books are right"
  skinrail migrate --data "$data" | has "up to date"
  skinrail audit --data "$data" | has "the books are right"
  skinrail project list --data "$data" | has "100001\|770001"
  skinrail backup "$work/$name.db" --data "$data" | has "the books are right"
done
say "there is no way back: keep the backup of before"
