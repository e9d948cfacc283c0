#!/usr/bin/env bash
# check.sh checks published messages with openssl, sha256sum, jq, base64 and coreutils alone, so that nobody has to take
# our word, or our code, for what a message's hash and signature are. README.md beside says how they are made.
#
#	check.sh [FILE.json…]     all vectors beside this script when none is named
#
# What these tools cannot judge (kinds, keys, fields) is left to the receiver; of such a batch they say that it may be taken.
set -euo pipefail
[ $# -gt 0 ] || set -- "$(dirname "$0")"/*.json
dir=$(mktemp -d "${TMPDIR:-/tmp}/akashi-vectors.XXXXXX")
trap 'rm -rf "$dir"' EXIT
failed=0

hex() { od -An -v -tx1 | tr -d ' \n'; }
unhex() { local s=$1 out=''; while [ -n "$s" ]; do out+="\\x${s:0:2}"; s=${s:2}; done; printf '%b' "$out"; }
sha() { sha256sum | cut -c1-64; }

# RFC 6962 2.1: the tree hash of leaf hashes; the left side is the largest power of two that is smaller than their number.
tree() {
	if [ $# -eq 1 ]; then
		echo "$1"
		return
	fi
	local k=1
	while [ $((k * 2)) -lt $# ]; do k=$((k * 2)); done
	local left right
	left=$(tree "${@:1:k}")
	right=$(tree "${@:k+1}")
	unhex "01$left$right" | sha
}

for file in "$@"; do
	wrong=''
	seen=' '
	jq -r .root "$file" >"$dir/root.pem"
	at=$(date -u -d "$(jq -r .at "$file")" +%s)
	batches=$(jq '.batches | length' "$file")
	for ((b = 0; b < batches; b++)); do
		get() { jq -r ".batches[$b]$1" "$file"; }
		refused=''

		# Each message's hash: RFC 6962 2.1, SHA-256 over a zero byte and the envelope.
		mapfile -t envelopes < <(get '.envelopes[]')
		mapfile -t expect < <(get '.expect[]')
		hashes=()
		for e in "${envelopes[@]}"; do
			hashes+=("$( (printf '\0' && base64 -d <<<"$e") | sha)")
		done
		[ "${hashes[*]}" = "$(get '.hashes | join(" ")')" ] || wrong+=' hashes'

		# The root over them must be the one in the head: field 5, 32 bytes.
		root=$(tree "${hashes[@]}")
		[ "$root" = "$(get .root_hash)" ] || wrong+=' root_hash'
		get .head | base64 -d >"$dir/head"
		case $(hex <"$dir/head") in *"2a20$root"*) ;; *) refused+=' root' ;; esac

		# The head is signed under the line that says what it is, by a key that the root certified for the sender.
		get .certificate >"$dir/cert.pem"
		openssl x509 -in "$dir/cert.pem" -noout -pubkey >"$dir/key.pem"
		get .signature | base64 -d >"$dir/signature"
		(printf 'akashi batch v1\n' && cat "$dir/head") >"$dir/signed"
		openssl dgst -sha256 -verify "$dir/key.pem" -signature "$dir/signature" "$dir/signed" >/dev/null 2>&1 || refused+=' signature'
		openssl verify -attime "$at" -CAfile "$dir/root.pem" "$dir/cert.pem" >/dev/null 2>&1 || refused+=' chain'
		signer=$(openssl x509 -in "$dir/cert.pem" -noout -ext subjectAltName | sed -n 's/^ *URI:akashi:\([a-z0-9-]*\)$/\1/p')
		[ "$signer" = "$(get .link)" ] || refused+=' signer'

		if [ "${expect[0]}" = refused ]; then
			[ -n "$refused" ] || wrong+=' (expected to be refused, but nothing is wrong with it)'
			continue
		fi
		[ -z "$refused" ] || wrong+=" (expected to be taken, but wrong:$refused)"
		[ ${#expect[@]} -eq ${#hashes[@]} ] || wrong+=' expect'
		for i in "${!hashes[@]}"; do # the same bytes are a duplicate, and nothing else is
			case "$seen" in
			*" ${hashes[i]} "*) [ "${expect[i]}" = duplicate ] || wrong+=" (message $i is a duplicate)" ;;
			*) [ "${expect[i]}" != duplicate ] || wrong+=" (message $i is no duplicate)" ;;
			esac
			seen+="${hashes[i]} "
		done
	done
	if [ -n "$wrong" ]; then
		echo "$(basename "$file"): FAILED:$wrong"
		failed=1
	else
		echo "$(basename "$file"): ok: $(jq -r '[.batches[].expect | join(" ")] | join("; then ")' "$file")"
	fi
done
exit $failed
