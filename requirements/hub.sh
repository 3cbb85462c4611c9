#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Home Assistant for `make test-hub`, in an environment of its own under build/hub (two minutes the first time).
# Without Python 3.13 nothing is installed, and the tests skip with that reason. "packages" prints the missing
# system packages instead.
set -eu
venv=build/hub/venv
say() { printf 'sotto: %s\n' "$*"; }

python=
for candidate in ${PYTHON:-} python3.13 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.13.*/bin/python3.13; do
    # A name on the PATH may be a shim that refuses, so each is tried.
    if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    say "no Python 3.13 with venv was found (name one with PYTHON=): Home Assistant is not installed" >&2
    exit 0
fi

missing=
# Home Assistant converts speech with ffmpeg; some of its packages are compiled here.
command -v ffmpeg >/dev/null 2>&1 || missing="$missing ffmpeg"
command -v g++ >/dev/null 2>&1 || missing="$missing g++"
if [ "${1:-}" = packages ]; then
    echo $missing
    exit
fi
sh requirements/apt.sh $missing

cmp -s requirements/hub.lock build/hub/installed && exit 0
rm -rf build/hub
mkdir -p build/hub
say "installing Home Assistant with $("$python" --version)"
"$python" -m venv $venv
$venv/bin/python -m pip install -q --disable-pip-version-check --no-input --prefer-binary --require-hashes \
    -r requirements/hub.lock
cp requirements/hub.lock build/hub/installed
