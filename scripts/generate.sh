#!/usr/bin/env bash
# generate.sh makes the Go code of api/**/*.proto again, with the protoc plugin that tools/go.mod pins.
#
# The output is committed, so that nobody needs protoc to build; run this after a change of a .proto file.
set -euo pipefail
cd "$(dirname "$0")/.."

plugin() { go tool -modfile=tools/go.mod -n "$1"; } # builds the tool if need be and prints where it is
module=$(go list -m)

find api -name '*.proto' -print0 | sort -z | xargs -0 protoc --proto_path=api \
	--plugin=protoc-gen-go="$(plugin protoc-gen-go)" --go_out=. --go_opt=module="$module"
