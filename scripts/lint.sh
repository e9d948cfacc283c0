#!/usr/bin/env bash
# lint.sh runs gofmt, go vet and the staticcheck that tools/go.mod pins, and fails on the first finding of any.
set -euo pipefail
cd "$(dirname "$0")/.."

# All checks of staticcheck but these:
#   ST1000  the form of package comments: docs_test.go asks for more (English first, the Japanese word in it)
checks=all,-ST1000

scripts/gofmt.sh
go vet and the staticcheck that tools/go.mod pins, and fails on the first finding of any.
set -euo pipefail
cd "$(dirname "$0")/.."

# All checks of staticcheck but these:
#   ST1000  the form of package comments: docs_test.go asks for more (English first, the Japanese word in it)
checks=all,-ST1000

files=$(find . -name '*.go' -not -path './.git/*' -not -name '*.pb.go' -not -name '*.connect.go' -print0 | xargs -0 gofmt -l)
[ -z "$files" ] || { echo "gofmt -w would change:" && echo "$files" && exit 1; } >&2
go vet ./...
go tool -modfile=tools/go.mod staticcheck -checks "$checks" ./...
echo "lint: clean"
