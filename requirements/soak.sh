#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# System packages that `make soak` needs, on Debian and its kin: a sound server, a broker, a clock that can be set.
# "packages" prints those that are missing instead.
set -eu
missing=
need() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || missing="$missing $2"; }
need pulseaudio pulseaudio
need pactl pulseaudio-utils
need mosquitto mosquitto
need espeak-ng espeak-ng
need faketime faketime
ls /usr/lib/*/alsa-lib/libasound_module_pcm_pulse.so >/dev/null 2>&1 || missing="$missing libasound2-plugins"
if [ "${1:-}" = packages ]; then
    echo $missing
    exit
fi
sh requirements/apt.sh $missing
