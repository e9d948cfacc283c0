#!/usr/bin/env bash
# need.sh PACKAGE… installs those of the named Debian packages that are missing, and says what it does.
#
# It asks the machine for the thing itself (a command, a font, a file) and not for the package, so that a PostgreSQL
# or a Chromium that came another way is used as it is. With nothing missing it prints nothing and touches nothing.
set -euo pipefail

# have PACKAGE: is what we want from this package already here?
have() {
	case $1 in
	postgresql) compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null ;;
	poppler-utils) command -v pdftotext >/dev/null && command -v pdftoppm >/dev/null ;;
	protobuf-compiler) command -v protoc >/dev/null ;;
	fonts-*) dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed ;;
	softhsm2) command -v softhsm2-util >/dev/null && [ -e /usr/lib/softhsm/libsofthsm2.so ] ;;
	libnss3-tools) command -v vfychain >/dev/null && command -v crlutil >/dev/null && command -v certutil >/dev/null ;;
	gnutls-bin) command -v certtool >/dev/null && command -v ocsptool >/dev/null ;;
	default-jdk-headless) command -v java >/dev/null && command -v javac >/dev/null ;;
	cups-ipp-utils) command -v ippeveprinter >/dev/null ;;
	cups-daemon) command -v cupsd >/dev/null || [ -x /usr/sbin/cupsd ] ;;
	dbus-daemon) command -v dbus-daemon >/dev/null ;;
	zbar-tools) command -v zbarimg >/dev/null ;;
	openssl | chromium | jq | gcc | git | qpdf | spin) command -v "$1" >/dev/null ;;
	*)
		echo "need.sh: I do not know how to see whether $1 is here; add it to have()." >&2
		exit 2
		;;
	esac
}

missing=()
for package; do
	have "$package" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null; then
	echo "need.sh: missing: ${missing[*]}. Here is no apt-get to install them with; install them by hand and run make again." >&2
	exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
	if ! command -v sudo >/dev/null; then
		echo "need.sh: missing: ${missing[*]}. Run as root: apt-get install ${missing[*]}" >&2
		exit 1
	fi
	as_root=(sudo)
	[ -t 0 ] || as_root=(sudo -n) # nobody is there to type a password
fi

apt() {
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
		apt-get -qq -o DPkg::Lock::Timeout=180 -o Dpkg::Use-Pty=0 "$@" </dev/null
}
echo "need.sh: installing through apt: ${missing[*]}"
apt update || echo "need.sh: apt-get update failed; trying with the package lists that are here." >&2
apt install -y --no-install-recommends "${missing[@]}" >/dev/null

for package in "${missing[@]}"; do
	have "$package" || {
		echo "need.sh: apt installed $package, but what the tests need of it is still not here." >&2
		exit 1
	}
done
