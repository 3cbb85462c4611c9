#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Install the Debian packages that are named; does nothing when none is. The caller finds out what is missing.
set -eu
[ $# -gt 0 ] || exit 0
say() { printf 'sotto: %s\n' "$*"; }
die() { printf 'sotto: %s\n' "$*" >&2; exit 1; }

install="apt-get install -y --no-install-recommends $*"
command -v apt-get >/dev/null 2>&1 || die "please install: $*"
if [ "$(id -u)" = 0 ]; then as_root=
elif command -v sudo >/dev/null 2>&1 && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then as_root=sudo
else die "system packages are missing; as root, run: apt-get update && $install"
fi
say "installing system packages: $*"
# The package lists of a fresh machine may be empty or old.
$as_root apt-get update -q >/dev/null || say "package lists could not be refreshed, trying anyway"
$as_root env DEBIAN_FRONTEND=noninteractive $install >/dev/null || die "that failed; as root, run: $install"
