#!/bin/sh
# Make .venv: a Python of 3.11 or newer, the packages of requirements/dev.txt by version and hash, the suite itself.
# A stamp of all that goes into it makes a second run do nothing. Exit status 3: this machine lacks something.
set -eu
cd "$(dirname "$0")/.."

lock=requirements/dev.txt
stamp=.venv/.made-from
newest_first="python3 python3.14 python3.13 python3.12 python3.11"

fail() {
    printf 'make setup: %s\n  next: %s\n' "$1" "$2" >&2
    exit 3
}

# step WORDS COMMAND...: run it, say how long it took, or show what it printed and stop
step() {
    words=$1
    shift
    begun=$(date +%s)
    if ! output=$("$@" 2>&1); then
        printf '%s\n' "$output" >&2
        fail "$words: failed" "see the lines above; the packages come from PyPI, so check the network"
    fi
    printf '%s in %s s\n' "$words" "$(($(date +%s) - begun))" >&2
}

recent() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    for candidate in ${PYTHON:-$newest_first}; do
        if recent "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    fail "no Python 3.11 or newer among: ${PYTHON:-$newest_first}" \
        "install one (Debian 12+, Ubuntu 23.10+: apt-get install python3 python3-venv), or name it: make PYTHON=..."
}

make_environment() {
    python=$1
    if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
        tools/install.sh "$package"
    fi
    step "made .venv with $python" "$python" -m venv --clear .venv
}

install_uv() {
    only_uv=$(mktemp)
    trap 'rm -f "$only_uv"' EXIT
    sed -n '/^uv==/,/[^\\]$/p' "$lock" >"$only_uv"
    step "installed uv by its hash" \
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$only_uv"
}

made_from=$(cat "$lock" pyproject.toml tools/setup.sh | cksum)
recent .venv/bin/python && [ "$(cat "$stamp" 2>/dev/null)" = "$made_from" ] && exit 0

export UV_PYTHON_DOWNLOADS=never
recent .venv/bin/python || { found=$(find_python) && make_environment "$found"; }
.venv/bin/uv --version >/dev/null 2>&1 || install_uv
step "installed the locked packages" \
    .venv/bin/uv pip sync --quiet --python .venv/bin/python --require-hashes "$lock"
step "installed the suite itself" \
    .venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --offline --editable .
printf '%s\n' "$made_from" >"$stamp"
