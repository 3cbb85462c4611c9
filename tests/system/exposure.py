"""How exposed a unit may be, by `systemd-analyze security` (0 is safe, 10 is unsafe)."""

from __future__ import annotations

MOST_EXPOSED = 2.0
#: Units that may be more exposed, by name.
EXCEPTIONS = {
    # It runs when a version on trial has failed, and each part of a sandbox is a thing that may fail then.
    # It takes no input but the names of files on the boot partition.
    "sotto-fallback": 9.6,
    # It makes the box what sotto.toml says, before anything else runs: it hands files to users, names the
    # machine and sets the Wi-Fi country. It ends before the network is up, and may use no address.
    "sotto-provision": 2.2,
}
