#!/usr/bin/env bash
# with-postgres.sh COMMAND… runs COMMAND with a PostgreSQL server of its own and stops the server afterwards.
#
# The server lives in a temporary directory, listens on a free loopback port, and is as durable as a real one: fsync
# and synchronous_commit stay on, because the tests that kill processes mean what they say. COMMAND finds it in
# AKASHI_TEST_POSTGRES; when that is set already, the server named there is used and none is started.
set -euo pipefail

if [ -n "${AKASHI_TEST_POSTGRES:-}" ]; then
	exec "$@"
fi

# Debian keeps the server's commands off the PATH, one directory per version; elsewhere initdb tells where they are.
initdb=$(compgen -G '/usr/lib/postgresql/*/bin/initdb' | sort -V | tail -n 1) || initdb=$(command -v initdb || true)
bin=$(dirname "$(readlink -f "${initdb:-/nonexistent}")")
if [ ! -x "$bin/initdb" ]; then
	echo "with-postgres.sh: no PostgreSQL server here; run: scripts/need.sh postgresql" >&2
	exit 1
fi

# PostgreSQL refuses to run as root; as root we become the account that its package made.
as_server() { "$@"; }
if [ "$(id -u)" -eq 0 ]; then
	id postgres >/dev/null 2>&1 || useradd --system --no-create-home --shell /usr/sbin/nologin postgres
	if command -v runuser >/dev/null; then
		as_server() { runuser -u postgres -- "$@"; }
	else
		as_server() { setpriv --reuid=postgres --regid=postgres --init-groups "$@"; }
	fi
fi

dir=$(mktemp -d "${TMPDIR:-/tmp}/akashi-postgres.XXXXXX")
job=''

stop() {
	trap '' INT TERM HUP
	# The group, not the process: a test that died must not leave its own servers behind.
	[ -z "$job" ] || kill -TERM -- "-$job" 2>/dev/null || true
	if [ -f "$dir/data/postmaster.pid" ]; then
		as_server "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1 || true
	fi
	cd / && rm -rf "$dir"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

mkdir "$dir/data" "$dir/socket"
password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
printf '%s\n' "$password" >"$dir/password"
chmod 700 "$dir" "$dir/data" "$dir/socket"
[ "$(id -u)" -ne 0 ] || chown -R postgres "$dir"

# From the directory, which the server's account can read; the caller's it may not.
(cd "$dir" && as_server "$bin/initdb" -D "$dir/data" -U akashi --pwfile="$dir/password" \
	--auth=scram-sha-256 --encoding=UTF8 --locale=C --no-instructions >"$dir/initdb.log" 2>&1) || {
	cat "$dir/initdb.log" >&2
	exit 1
}

# A port is free only once the server holds it, so a few are tried. They are taken from below the range from which
# the kernel gives ports to clients.
started=''
for _ in 1 2 3 4 5 6 7 8; do
	port=$((20000 + RANDOM % 12000))
	if (cd "$dir" && as_server "$bin/pg_ctl" -D "$dir/data" -l "$dir/data/server.log" -w -t 60 start -o "-p $port -k $dir/socket \
		-c listen_addresses=127.0.0.1 -c fsync=on -c synchronous_commit=on -c full_page_writes=on \
		-c max_connections=300 -c shared_buffers=256MB") >/dev/null 2>&1; then
		started=yes
		break
	fi
done
if [ -z "$started" ]; then
	echo "with-postgres.sh: PostgreSQL did not start on any of eight ports; its log says:" >&2
	tail -n 20 "$dir/data/server.log" >&2
	exit 1
fi
PGPASSWORD=$password "$bin/createdb" -h 127.0.0.1 -p "$port" -U akashi akashi_test
export AKASHI_TEST_POSTGRES="postgres://akashi:$password@127.0.0.1:$port/akashi_test?sslmode=disable"
echo "with-postgres.sh: $("$bin/postgres" --version) on 127.0.0.1:$port, durable, for this run only"

# A process group of its own, so that a signal to us ends all of it (a plain child would make bash wait for it first).
set -m
"$@" </dev/null &
job=$!
set +m
wait "$job"
