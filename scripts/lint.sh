#!/usr/bin/env bash
# lint.sh runs gofmt, go vet and the staticcheck that tools/go.mod pins, and fails on the first finding of any.
set -euo pipefail
cd "$(dirname "$0")/.."

# All checks of staticcheck but these:
#   ST1000  the form of package comments: docs_test.go asks for more (English first, the Japanese word in it)
#   ST1020  comments on methods begin with the method's name: one comment may speak for a group (Year, Month and Day …)
checks=all,-ST1000,-ST1020

scripts/gofmt.sh
go vet ./...
go tool -modfile=tools/go.mod staticcheck -checks "$checks" ./...
echo "lint: clean"
