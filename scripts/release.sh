#!/usr/bin/env bash
# Makes a release, in full and so that anybody can make it again:
#
#   scripts/release.sh VERSION [--sign KEY]   # into dist/VERSION
#   scripts/release.sh --sbom PROGRAM         # prints what a program is made of
#
# For each system: the program, and its parts as CycloneDX JSON, read from the
# program itself. SHA256SUMS names all of them; with --sign its signature by an
# SSH key lies beside it. Each program is built twice, the second time in a copy of
# the tree in another place with an empty cache, and must be the same to the byte.
# The same Go (see the program's `go version -m`) and commit give the same sums.
set -euo pipefail
cd "$(dirname "$0")/.."

sbom() { # PROGRAM [VERSION]: CycloneDX of its modules
  go version -m "$1" | awk -v given="${2:-}" -F'\t' '
    $2 == "mod" { version = given == "" ? $4 : given }
    $2 == "path" { path = $3 }
    $2 == "dep" { all[++n] = sprintf("{\"type\":\"library\",\"name\":\"%s\",\"version\":\"%s\",\"purl\":\"pkg:golang/%s@%s\",\"bom-ref\":\"pkg:golang/%s@%s\",\"properties\":[{\"name\":\"go:sum\",\"value\":\"%s\"}]}", $3, $4, $3, $4, $3, $4, $5) }
    $2 == "=>" { print "a module is replaced: " $3 >"/dev/stderr"; exit 1 }
    FNR == 1 { split($1, first, ": "); go = first[2] }
    END {
      if (!n) exit 1
      all[++n] = sprintf("{\"type\":\"library\",\"name\":\"std\",\"version\":\"%s\",\"purl\":\"pkg:golang/std@%s\",\"bom-ref\":\"pkg:golang/std@%s\"}", go, substr(go, 3), substr(go, 3))
      printf "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.5\",\"version\":1,\n \"metadata\":{\"component\":{\"type\":\"application\",\"name\":\"%s\",\"version\":\"%s\"}},\n \"components\":[\n", path, version
      for (i = 1; i <= n; i++) printf "  %s%s\n", all[i], i < n ? "," : ""
      print "]}"
    }'
}

# build TREE SYSTEM FILE
build() {
  (cd "$1" && CGO_ENABLED=0 GOOS=${2%/*} GOARCH=${2#*/} GOFLAGS=-mod=readonly go build -trimpath -buildvcs=false \
    -ldflags "-s -w -buildid= -X main.version=$version" -o "$3" ./cmd/skinrail)
}

if [ "${1:-}" = --sbom ] && [ $# = 2 ]; then
  sbom "$2"
  exit
fi
case "${1:-}" in "" | -*) echo "usage: scripts/release.sh VERSION [--sign KEY] | --sbom PROGRAM" >&2; exit 2 ;; esac
version=$1 key=
if [ "${2:-}" = --sign ] && [ -n "${3:-}" ]; then key=$3; elif [ $# -gt 1 ]; then echo "release: $2?" >&2; exit 2; fi
[ -z "$(git status --porcelain)" ] || { echo "release: the tree has changes that are not committed" >&2; exit 1; }

dist=$PWD/dist/$version
rm -rf "$dist"
mkdir -p "$dist"
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
for tree in one another/place; do
  mkdir -p "$work/$tree"
  git archive HEAD | tar x -C "$work/$tree"
done
for system in ${SYSTEMS:-linux/amd64 linux/arm64 darwin/arm64}; do
  name=skinrail-$version-${system/\//-}
  build "$work/one" "$system" "$dist/$name"
  GOCACHE=$work/cache build "$work/another/place" "$system" "$work/again"
  cmp "$dist/$name" "$work/again" || { echo "release: $system cannot be built twice" >&2; exit 1; }
  sbom "$dist/$name" "$version" >"$dist/$name.cdx.json"
  echo "$name: the same when built twice; $(grep -c '"type":"library"' "$dist/$name.cdx.json") parts"
done
(cd "$dist" && sha256sum skinrail-* >SHA256SUMS)
cat "$dist/SHA256SUMS"
if [ -n "$key" ]; then
  ssh-keygen -q -Y sign -f "$key" -n skinrail-release "$dist/SHA256SUMS"
  echo "signed: ssh-keygen -Y verify -n skinrail-release -I WHO -f ALLOWED_SIGNERS -s SHA256SUMS.sig <SHA256SUMS"
else
  echo "not signed: --sign KEY names an SSH key"
fi
