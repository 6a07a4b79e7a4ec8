#!/usr/bin/env bash
# A database of an earlier schema: it is backed up by the program that serves
# it, brought forward, and its books stay the same. Also from a backup.
. "$(dirname "$0")/lib.sh"
mkdir -p "$data"
gzip -dc "$root/scripts/drills/schema-22.db.gz" >"$data/skinrail.db"
say "a newer program does not call a copy of an older schema a backup"
skinrail backup "$work/early.db" --data "$data" >"$work/said" 2>&1 && fail "a backup was made"
has "back up with the program that serves it" <"$work/said"
say "a backup from before the upgrade is restored by the newer program"
skinrail restore "$data/skinrail.db" --data "$work/other" | has "the books are right"
say "migrate, and the books are right"
skinrail migrate --data "$data" | has "up to date"
skinrail audit --data "$data" | has "the books are right"
skinrail backup "$work/late.db" --data "$data" | has "the books are right"
say "there is no way back: keep the backup of before"
