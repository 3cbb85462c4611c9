#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# System packages that the tests with a booted image or an emulated kernel need, on Debian and its kin.
# With "arm64" also those that boot an image for it; "packages" prints those that are missing instead.
set -eu
missing=
need() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
need qemu-system-x86_64 qemu-system-x86
need qemu-img qemu-utils
need zstd zstd
need mcopy mtools
need mkfs.vfat dosfstools
need ssh openssh-client
need debugfs e2fsprogs
need osslsigncode osslsigncode
need iasl acpica-tools
need dbus-daemon dbus
need dbus-send dbus
[ -e /usr/share/OVMF/OVMF_CODE_4M.fd ] || missing="$missing ovmf"
if [ "${1:-}" = arm64 ]; then
    need qemu-system-aarch64 qemu-system-arm
    [ -e /usr/share/AAVMF/AAVMF_CODE.fd ] || missing="$missing qemu-efi-aarch64"
fi
if [ "${1:-}" = packages ]; then
    echo $missing
    exit
fi
sh requirements/apt.sh $missing
