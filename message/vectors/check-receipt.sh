#!/usr/bin/env bash
# check-receipt.sh checks receipt files with openssl, sha256sum, jq, base64 and coreutils alone, so that nobody has to take
# our word, or our code, for what became of a message. README.md beside says how a receipt is made.
#
#	check-receipt.sh ROOT.pem FILE.json…     ROOT.pem: the certificate of the infrastructure CA
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,6s/^# \{0,1\}//p' "$0" >&2; exit 2; }
root_pem=$1
shift
dir=$(mktemp -d "${TMPDIR:-/tmp}/akashi-receipts.XXXXXX")
trap 'rm -rf "$dir"' EXIT
failed=0

# A file is whatever somebody sends. Nothing of it comes near the shell's arithmetic, which runs commands that stand in a
# number, before it has the form that it must have: each field once, numbers that are numbers, hashes that are hashes.
cat >"$dir/form.jq" <<'JQ'
def string: type == "string";
def hash: string and test("\\A[0-9a-f]{64}\\z");
def line: string and test("\\A[!-~]+( [!-~]+){6}\\z");
length == 1 and (.[0] | type == "object"
  and (keys - ["format", "head", "signature", "certificate", "lines", "line", "index", "proof"] == [])
  and .format == "akashi receipt v1" and (.head | string) and (.signature | string) and (.certificate | string)
  and if has("line") then (has("lines") | not) and (.line | line) and ((.index // 0) | type == "number" and . >= 0 and . < 100 and . == floor)
      and ((.proof // []) | type == "array" and length < 8 and all(.[]; hash))
    else (has("proof") or has("index") | not) and (.lines | type == "array" and length > 0 and length <= 100 and all(.[]; line)) end)
JQ
formed() {
	jq -e -s -f "$dir/form.jq" "$1" >/dev/null 2>&1 &&
		jq -e -n --stream '[inputs | select(length == 2)[0]] | length == (unique | length)' "$1" >/dev/null 2>&1
}
# The head is the lines that are signed, each once and in their order; one number has one way to be written.
headed() {
	local n='(0|[1-9][0-9]{0,18})'
	[ "$(cut -d' ' -f1 "$1" | tr '\n' ' ')" = 'akashi receiver sender node number batch count root decisions signed ' ] &&
		grep -Eqx "number $n" "$1" && grep -Eqx "decisions $n" "$1" && grep -Eqx 'count ([1-9][0-9]?|100)' "$1" &&
		grep -Eqx 'root [0-9a-f]{64}' "$1" && grep -Eqx 'batch [0-9a-f]{64}' "$1" &&
		grep -Eqx 'receiver [a-z0-9-]+' "$1" && grep -Eqx 'signed [0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z' "$1"
}

unhex() { local s=$1 out=''; while [ -n "$s" ]; do out+="\\x${s:0:2}"; s=${s:2}; done; printf '%b' "$out"; }
sha() { sha256sum | cut -c1-64; }
node() { unhex "01$1$2" | sha; }

# RFC 6962 2.1: the left side is the largest power of two that is smaller than the number of leaves.
split() { local k=1; while [ $((k * 2)) -lt "$1" ]; do k=$((k * 2)); done; echo $k; }
tree() {
	if [ $# -eq 1 ]; then
		echo "$1"
		return
	fi
	local k left right
	k=$(split $#)
	left=$(tree "${@:1:k}")
	right=$(tree "${@:k+1}")
	node "$left" "$right"
}

# RFC 6962 2.1.1: up to the root from leaf $2 of $3; the proof's last hash is the one next to the root.
climb() {
	local leaf=$1 i=$2 n=$3
	shift 3
	if [ "$n" -eq 1 ]; then
		[ $# -eq 0 ] && echo "$leaf" || echo bad
		return
	fi
	[ $# -gt 0 ] || { echo bad; return; }
	local k last=${!#} below
	k=$(split "$n")
	if [ "$i" -lt "$k" ]; then
		below=$(climb "$leaf" "$i" "$k" "${@:1:$#-1}")
		[ "$below" = bad ] && echo bad || node "$below" "$last"
	else
		below=$(climb "$leaf" $((i - k)) $((n - k)) "${@:1:$#-1}")
		[ "$below" = bad ] && echo bad || node "$last" "$below"
	fi
}

for file in "$@"; do
	wrong=''
	get() { jq -r "$1" "$file"; }
	if ! formed "$file" || ! get .head | base64 -d >"$dir/head" 2>/dev/null || ! headed "$dir/head"; then
		echo "$(basename "$file"): FAILED: form"
		failed=1
		continue
	fi
	value() { sed -n "s/^$1 //p" "$dir/head"; }
	[ "$(head -n 1 "$dir/head")" = 'akashi receipt v1' ] || wrong+=' title'

	# The head is signed by a key that the root certified for the receiver, with a certificate that was valid then.
	get .signature | base64 -d >"$dir/signature" 2>/dev/null || wrong+=' base64'
	if ! get .certificate | base64 -d 2>/dev/null | openssl x509 -inform DER -out "$dir/cert.pem" 2>/dev/null ||
		! openssl x509 -in "$dir/cert.pem" -noout -pubkey >"$dir/key.pem" 2>/dev/null || ! at=$(date -u -d "$(value signed)" +%s 2>/dev/null); then
		echo "$(basename "$file"): FAILED: certificate"
		failed=1
		continue
	fi
	openssl dgst -sha256 -verify "$dir/key.pem" -signature "$dir/signature" "$dir/head" >/dev/null 2>&1 || wrong+=' signature'
	openssl verify -attime "$at" -CAfile "$root_pem" "$dir/cert.pem" >/dev/null 2>&1 || wrong+=' chain'
	openssl x509 -in "$dir/cert.pem" -noout -ext extendedKeyUsage 2>/dev/null | grep -Eq '1\.3\.6\.1\.5\.5\.7\.3\.36|[Dd]ocument ?[Ss]igning' || wrong+=' usage'
	signer=$(openssl x509 -in "$dir/cert.pem" -noout -ext subjectAltName | sed -n 's/^ *URI:akashi:\([a-z0-9-]*\)$/\1/p')
	[ "$signer" = "$(value receiver)" ] || wrong+=' signer'

	# The root in the head is that of the lines; of one line, the proof leads to it.
	count=$(value count)
	if [ "$(get 'has("line")')" = true ]; then
		mapfile -t proof < <(get '.proof // [] | .[]')
		mapfile -t lines < <(get .line)
		leaf=$( (printf '\0' && printf '%s' "${lines[0]}") | sha)
		root=$(climb "$leaf" "$(get '.index // 0')" "$count" "${proof[@]}")
	else
		mapfile -t lines < <(get '.lines[]')
		[ ${#lines[@]} -eq "$count" ] || wrong+=' count'
		leaves=()
		for line in "${lines[@]}"; do
			leaves+=("$( (printf '\0' && printf '%s' "$line") | sha)")
		done
		root=$(tree "${leaves[@]}")
	fi
	[ "$root" = "$(value root)" ] || wrong+=' root'

	if [ -n "$wrong" ]; then
		echo "$(basename "$file"): FAILED:$wrong"
		failed=1
	else
		echo "$(basename "$file"): ok: $(value receiver) said on $(value signed):"
		printf '  %s\n' "${lines[@]}"
	fi
done
exit $failed
