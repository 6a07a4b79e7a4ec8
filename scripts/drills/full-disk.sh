#!/usr/bin/env bash
# The disk fills up: the gateway stops acknowledging, ends with a clear error,
# and goes on when there is space again. The small disk is in a namespace of its
# own, which needs root or a kernel that gives namespaces to everybody.
if [ -z "${DRILL_APART:-}" ]; then
  for apart in "unshare -m" "unshare -Urm"; do
    if $apart mount -t tmpfs none /mnt 2>/dev/null; then DRILL_APART=1 exec $apart "$0" "$@"; fi
  done
  echo "not exercised: this kernel gives nobody but root a small disk"
  exit 0
fi
. "$(dirname "$0")/lib.sh"
start # the world is made on the large disk
stop TERM
mkdir "$work/disk"
mount -t tmpfs -o size=48m tmpfs "$work/disk"
mv "$data" "$work/disk/data"
mv "$work/disk/data/steam" "$work/steam" # Steam is somewhere else
ln -s "$work/steam" "$work/disk/data/steam"
data=$work/disk/data
start
buy before | has '"success"'
say "the disk is full"
dd if=/dev/zero of="$work/disk/ballast" bs=64k >/dev/null 2>&1 || true
acknowledged=()
for n in $(seq 400); do
  answer=$(buy "full-$n" || true)
  case $answer in *'"success"'*) acknowledged+=("full-$n") ;; esac
  kill -0 "$pid" 2>/dev/null || break
done
kill -0 "$pid" 2>/dev/null && fail "it goes on without space"
code=0
wait "$pid" || code=$?
[ $code = 1 ] || fail "it ended with $code"
grep -Ei "no longer keep|full|no space" "$work/err" | tail -n 1
say "space again: started, and everything acknowledged is there (${#acknowledged[@]} orders)"
rm "$work/disk/ballast"
start
for name in before ${acknowledged[@]+"${acknowledged[@]}"}; do
  [ -n "$(status "$name")" ] || fail "$name was acknowledged and is lost"
done
skinrail audit --data "$data" | has "the books are right"
buy after | has '"success"'
stop TERM
umount "$work/disk"
