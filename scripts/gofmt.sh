#!/usr/bin/env bash
# gofmt.sh fails with the names of the Go files that gofmt would change; generated files are the generator's business.
set -euo pipefail
cd "$(dirname "$0")/.."
files=$(find . -name '*.go' -not -path './.git/*' -not -name '*.pb.go' -not -name '*.connect.go' -print0 | xargs -0 gofmt -l)
[ -z "$files" ] || { echo "gofmt -w would change:" && echo "$files" && exit 1; }
