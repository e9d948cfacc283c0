#!/usr/bin/env bash
# statement.sh checks statements (日締め・週締めの計算書) with openssl, sha256sum, jq, base64 and coreutils alone, so that nobody
# has to take our word, or our code, for what two organisations signed. docs/statements.md says what the file is.
#
#	statement.sh ROOT.pem FILE.json…     ROOT.pem: the certificate of the infrastructure CA
#
# It checks both signatures with certificates that were valid at the time, that both accounts are about the same numbers, that
# the readable part is what the signed bytes say, and that no line passes for agreed or explained where the two count
# settled messages differently.
set -euo pipefail
root=${1:?statement.sh ROOT.pem FILE.json…}
shift
dir=$(mktemp -d "${TMPDIR:-/tmp}/akashi-statement.XXXXXX")
trap 'rm -rf "$dir"' EXIT
failed=0

# What api/akashi/v1/statement.proto says, for a reader of protobuf in jq: field number, name, and s string, n number, h hash,
# or the name of a message; a star for lists.
cat >"$dir/account.jq" <<'JQ'
def fields: {
  account: {"1":["sender","s"],"2":["node","s"],"3":["receiver","s"],"4":["side","s"],"5":["span","s"],"6":["since","n"],"7":["until","n"],
    "8":["made_at","n"],"9":["from","place"],"10":["to","place"],"11":["numbered","stretch","*"],"12":["unsettled","stretch","*"],
    "13":["kinds","kind","*"],"14":["open","open","*"],"15":["books","book","*"],"16":["counts","count","*"],"17":["answers","h"],"18":["held","place"]},
  place: {"1":["epoch","n"],"2":["seq","n"]},
  stretch: {"1":["epoch","n"],"2":["first","n"],"3":["last","n"]},
  kind: {"1":["kind","s"],"2":["applied","n"],"3":["applied_sum","n"],"4":["withdrawn","n"],"5":["withdrawn_sum","n"],"6":["stuck","n"],
    "7":["beside","n"],"8":["inside","state","*"],"9":["before","state","*"],"10":["oldest","n"]},
  state: {"1":["state","s"],"2":["n","n"]},
  open: {"1":["epoch","n"],"2":["seq","n"],"3":["kind","s"],"4":["state","s"],"5":["code","s"]},
  book: {"1":["book","s"],"2":["entries","n"],"3":["compared_at","n"],"4":["differences","n"],"5":["cases","s","*"]},
  count: {"1":["name","s"],"2":["ja","s"],"3":["en","s"],"4":["kind","s"],"5":["book","s"],"6":["n","n"],"7":["later","n"]}
};
def varint($b; $at): {v: 0, m: 1, i: $at} | until(.over; $b[.i] as $x | .v += ($x % 128) * .m | .m *= 128 | .i += 1 | .over = ($x < 128));
def utf8: reduce .[] as $x ({out: [], n: 0, c: 0};
  if .n > 0 then .c = .c * 64 + $x - 128 | .n -= 1 | if .n == 0 then .out += [.c] else . end
  elif $x < 128 then .out += [$x] elif $x < 224 then .c = $x - 192 | .n = 1
  elif $x < 240 then .c = $x - 224 | .n = 2 else .c = $x - 240 | .n = 3 end) | .out | implode;
def hex: map((. / 16 | floor), . % 16) | map("0123456789abcdef"[.:. + 1]) | join("");
def read($fields; $type): . as $b | {i: 0, v: {}} | until(.i >= ($b | length);
  varint($b; .i) as $tag | $fields[$type][$tag.v / 8 | floor | tostring] as $f | varint($b; $tag.i) as $n
  | if $f == null then error("unknown field") else . end
  | if $tag.v % 8 == 0 then .i = $n.i | .v[$f[0]] = $n.v
    elif $tag.v % 8 == 2 then $b[$n.i:$n.i + $n.v] as $part | .i = $n.i + $n.v
      | (if $f[1] == "s" then ($part | utf8) elif $f[1] == "h" then ($part | hex) else ($part | read($fields; $f[1])) end) as $value
      | if $f[2] then .v[$f[0]] += [$value] else .v[$f[0]] = $value end
    else error("unknown wire type") end) | .v;
fields as $fields | read($fields; "account") | with_entries(select(.value != {}))
JQ

# Nothing of a file comes near the shell before it has its form: one value, each name once and no other, accounts that are
# one or two objects of text.
formed() {
	jq -e -s 'length == 1 and (.[0] | type == "object" and .akashi == "akashi statement v1"
			and (keys - ["akashi", "sender", "receiver", "span", "until", "state", "accounts", "lines"] == [])
			and (.accounts | type == "array" and (length == 1 or length == 2) and all(.[]; type == "object"
				and (keys - ["side", "account", "sha256", "signature", "certificate", "says"] == [])
				and ([.account, .sha256, .signature, .certificate] | all(.[]; type == "string" and (explode | all(.[]; . != 0)))))))' "$1" >/dev/null 2>&1 &&
		jq -e -n --stream '[inputs | select(length == 2)[0]] | length == (unique | length)' "$1" >/dev/null 2>&1
}

for file in "$@"; do
	wrong=''
	get() { jq -r "$1" "$file"; }
	if ! formed "$file"; then
		echo "$(basename "$file"): FAILED: form"
		failed=1
		continue
	fi
	accounts=$(get '.accounts | length')
	for ((i = 0; i < accounts; i++)); do
		side=$([ "$i" -eq 0 ] && echo sender || echo receiver)
		part=()
		mapfile -t part < <(get ".accounts[$i] | .account, .sha256, .signature")
		base64 -d <<<"${part[0]:-}" >"$dir/$side"
		base64 -d <<<"${part[2]:-}" >"$dir/signature"
		[ "$(sha256sum <"$dir/$side" | cut -c1-64)" = "${part[1]:-}" ] || wrong+=" $side:sha256"

		# Signed under the line that says what it is, by a key that the root certified for the side's organisation.
		get ".accounts[$i].certificate" >"$dir/cert.pem"
		openssl x509 -in "$dir/cert.pem" -noout -pubkey >"$dir/key.pem" 2>/dev/null || wrong+=" $side:certificate"
		(printf 'akashi statement v1\n' && cat "$dir/$side") >"$dir/signed"
		openssl dgst -sha256 -verify "$dir/key.pem" -signature "$dir/signature" "$dir/signed" >/dev/null 2>&1 || wrong+=" $side:signature"

		# What the bytes say is what the readable part says; the rest is read from the bytes.
		od -An -v -tu1 "$dir/$side" | jq -s -f "$dir/account.jq" >"$dir/$side.json" 2>/dev/null || echo null >"$dir/$side.json"
		jq -e --argjson i "$i" --slurpfile bytes "$dir/$side.json" '.accounts[$i].says == $bytes[0]' "$file" >/dev/null || wrong+=" $side:says"
		said='' at=0 org=''
		read -r said at org < <(jq -r '"\(.side) \((.made_at // 0) / 1000000 | floor) \(.[.side // ""])"' "$dir/$side.json" 2>/dev/null) || true
		[ "$said" = "$side" ] || wrong+=" $side:side"
		openssl verify -attime "$at" -CAfile "$root" "$dir/cert.pem" >/dev/null 2>&1 || wrong+=" $side:chain"
		signer=$(openssl x509 -in "$dir/cert.pem" -noout -ext subjectAltName 2>/dev/null | sed -n 's/^ *URI:akashi:\([a-z0-9-]*\)$/\1/p')
		[ -n "$signer" ] && [ "$signer" = "$org" ] || wrong+=" $side:signer"
	done
	if [ "$accounts" -eq 2 ]; then
		[ "$(sha256sum <"$dir/sender" | cut -c1-64)" = "$(jq -r '.answers' "$dir/receiver.json")" ] || wrong+=' answers'
		jq -e -n --slurpfile s "$dir/sender.json" --slurpfile r "$dir/receiver.json" '
			def what: {sender, node, receiver, span, since, until, from, to, numbered, unsettled};
			($s[0] | what) == ($r[0] | what)' >/dev/null || wrong+=' numbers'
		# Settled messages of a kind that the two count differently, and whether its line says so. Numbers that the receiver has
		# beside those of the sender may be explained, by a restored database.
		jq -e --slurpfile s "$dir/sender.json" --slurpfile r "$dir/receiver.json" '
			def of($k): [.kinds[]? | select(.kind == $k)][0] | [.applied, .applied_sum, .withdrawn, .withdrawn_sum] | map(. // 0);
			def worst: if index("unexplained") then "unexplained" elif index("explained") then "explained" else "agreed" end;
			. as $file | .state == (.lines | map(.state) | worst) and
			([$s[0], $r[0]] | map(.kinds[]?.kind) | unique | all(. as $k | ($s[0] | of($k)) == ($r[0] | of($k))
				and ([$r[0].kinds[]? | select(.kind == $k) | .stuck // 0] | add // 0) == 0
				or ([$file.lines[] | select(.about == "kind" and .subject == $k) | .state] == ["unexplained"])))' "$file" >/dev/null || wrong+=' lines'
	elif [ "$accounts" -ne 1 ] || [ "$(get .state)" != incomplete ]; then
		wrong+=' accounts'
	fi
	if [ -n "$wrong" ]; then
		echo "$(basename "$file"): FAILED:$wrong"
		failed=1
	else
		echo "$(basename "$file"): ok: $(get '"\(.span) \(.until) \(.sender) → \(.receiver): \(.state)"')"
	fi
done
exit $failed
