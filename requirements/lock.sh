#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Resolve requirements/*.in for every supported Python and architecture at once: names, versions and
# hashes, no address. Needs `uv` on the PATH (any recent version).
set -eu
cd "$(dirname "$0")"
command -v uv >/dev/null 2>&1 || { echo "sotto: uv is not on the PATH; pip install uv" >&2; exit 1; }
for name in run dev; do
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-header --no-annotate --no-emit-index-url "$name.in" -o "$name.lock"
done
# Home Assistant's wheel carries the versions that it was tested with.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m pip download -q --disable-pip-version-check --no-deps --only-binary=:all: --python-version 3.13 \
    -d "$folder" "$(grep '^homeassistant==' hub.in)"
python3 -m zipfile -e "$folder"/homeassistant-*.whl "$folder"
uv pip compile --quiet --python-version 3.13 --python-platform linux --generate-hashes \
    --no-header --no-annotate --no-emit-index-url -c "$folder/homeassistant/package_constraints.txt" hub.in -o hub.lock
