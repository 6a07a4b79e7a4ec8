#!/usr/bin/env bash
# Form and vet; golangci-lint too when it is installed.
set -euo pipefail
cd "$(dirname "$0")/.."

bad=$(gofmt -l cmd internal)
if [ -n "$bad" ]; then
  printf 'gofmt would change:\n%s\n' "$bad" >&2
  exit 1
fi
go vet ./...
if command -v golangci-lint >/dev/null; then
  golangci-lint run
fi
