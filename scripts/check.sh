#!/usr/bin/env bash
# check.sh runs what `make test` promises, one step after the other: all of them, even when one fails, so that one run
# tells everything. Its last line says how go test ended. Arguments go to go test.
set -uo pipefail
cd "$(dirname "$0")/.."

# Others' published test vectors stand beside the repository when they are there; tests that need them say when not.
if [ -z "${AKASHI_TESTDATA:-}" ] && [ -d ../shared/data ]; then
	AKASHI_TESTDATA=$(cd ../shared/data && pwd)
	export AKASHI_TESTDATA
fi

failed=''
step() { # step NAME COMMAND…
	local name=$1 begun=$SECONDS verdict=ok
	shift
	echo "== $name"
	"$@" || { verdict=FAILED && failed+=" $name"; }
	echo "== $name: $verdict, $((SECONDS - begun)) s"
}

log=$(mktemp "${TMPDIR:-/tmp}/akashi-test.XXXXXX")
trap 'rm -f "$log"' EXIT
go_test() { # the output is shown as it comes and kept to be counted
	echo "   (a first run compiles SQLite and takes a few minutes before the first line)"
	# -vet=off: the step before has asked all of vet, and go test would ask a part of it again, of every dependency too.
	# -p: tests wait for disks and browsers, so that one package a core leaves two fifths of the cores idle, and one more than there are cores a quarter.
	go test -vet=off -p $(($(nproc) * 2)) -timeout 14m "$@" ./... 2>&1 | tee "$log"
}

step gofmt scripts/gofmt.sh
step 'go vet' go vet ./...
if [ -n "${AKASHI_FULL:-}" ]; then
	step 'go vet of the peer' go -C bench vet ./... # a module of its own, whose dependencies nothing else needs
fi
step 'go test' go_test "$@"
if [ -x message/vectors/check.sh ]; then
	step vectors message/vectors/check.sh
fi

count() { grep -c "$1" "$log" || true; }
failure='^FAIL[[:space:]].*[[:space:]]' # the line of a package, not the word alone
grep "$failure" "$log" || true
counts="go test: $(count '^ok') packages ok, $(count "$failure") failed, $(count '\[no test files\]') without tests; $SECONDS s in all"
if [ -n "$failed" ]; then
	echo "check: FAILED:$failed. $counts"
	exit 1
fi
echo "check: passed. $counts"
