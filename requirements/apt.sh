#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Install the Debian packages that are named; does nothing when none is. The caller finds out what is missing.
set -eu
[ $# -gt 0 ] || exit 0
if [ "$(id -u)" != 0 ]; then
    echo "sotto: as root, run: apt-get install -y --no-install-recommends $*" >&2
    exit 1
fi
echo "sotto: installing $*"
apt-get update -q >/dev/null
DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >/dev/null
