#!/bin/sh
# Install Debian packages whose program is missing: tools/install.sh PROGRAM:PACKAGE... (PACKAGE alone: if it is not installed).
# Only as root, on Debian or Ubuntu, and not with INTEROP_NO_INSTALL=1; else exit status 3 and the command to type.
# No service of theirs is started: a broker of the system's is not what anybody asked for.
set -eu

missing=
for pair in "$@"; do
    package=${pair#*:}
    case $pair in
        *:*) PATH="$PATH:/usr/sbin:/sbin" command -v "${pair%%:*}" >/dev/null && continue ;;
        *) dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed$' && continue ;;
    esac
    missing="$missing $package"
done
[ -n "$missing" ] || exit 0

prefix=
[ "$(id -u)" = 0 ] || prefix="sudo "
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null || [ "${INTEROP_NO_INSTALL:-0}" != 0 ]; then
    printf 'missing here:%s\n  next: %sapt-get install%s\n' "$missing" "$prefix" "$missing" >&2
    exit 3
fi

policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    trap 'rm -f $policy' EXIT
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod +x $policy
fi
begun=$(date +%s)
log=$(mktemp)
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l
# shellcheck disable=SC2086 # one word a package
if ! { apt-get update -q && apt-get install -q -y $missing; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    printf 'apt-get install%s failed\n  next: see %s, and run it by hand\n' "$missing" "$log" >&2
    exit 3
fi
rm -f "$log"
printf 'installed%s with apt-get in %s s\n' "$missing" "$(($(date +%s) - begun))" >&2
