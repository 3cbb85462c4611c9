"""powerd's entry point: `python3 -m services.powerd.main`."""

from __future__ import annotations

import argparse
import gc
import logging
import sys
import time
from pathlib import Path

from common.errors import SottoError
from common.lock import StateLock
from common.paths import POWER_PROFILES
from power.manager import Manager
from power.profiles.load import load_usable
from power.profiles.profile import Profile
from power.sysfs import Sysfs
from services.daemon.entry import failed, log_faults, parse_options
from services.powerd.places import JOURNAL, RUNTIME

log = logging.getLogger(__name__)


def main() -> int:
    """Govern until SIGTERM or SIGINT; the exit status is the kind of the error (see `common.errors`)."""
    parser = argparse.ArgumentParser(prog="sotto-powerd", description=__doc__)
    parser.add_argument("--root", type=Path, default=Path("/"), help=argparse.SUPPRESS)
    parser.add_argument("--runtime", type=Path, default=RUNTIME, help="folder of the undo log")
    parser.add_argument("--state", type=Path, default=Path("/var/lib/sotto-power"), help="keeps the profile")
    parser.add_argument("--profiles", type=Path, default=POWER_PROFILES, help="own profiles (TOML)")
    parser.add_argument("--user", default="sotto", help="the assistant's user, who may report phases")
    options = parse_options(parser)
    try:
        lock = StateLock(options.runtime, what="a power daemon")
        try:
            _run(options)
        finally:
            lock.release()
    except SottoError as error:
        return failed("sotto-powerd", error)
    return 0


def _run(options: argparse.Namespace) -> None:
    # A slip in an owner's file must not cost the box its power management.
    profiles, faults = load_usable(options.profiles)
    log_faults(faults)
    remember: Path | None = options.state / "profile" if options.state.is_dir() else None
    chosen = _remembered(remember, profiles)

    def manager() -> Manager:
        made = Manager(Sysfs(options.root), profiles, options.runtime / JOURNAL, time.monotonic(), chosen)
        for refused in made.left_behind:
            log.warning("left behind by a powerd that died, and not put back: %s", refused)
        gc.collect()
        gc.freeze()
        return made

    # asyncio loads OpenSSL if it is there: five megabytes for a daemon whose one connection is to the bus.
    sys.modules.setdefault("ssl", None)  # type: ignore[arg-type]
    from services.powerd.daemon import run

    run(manager, tuple(profiles), options.user, remember, faults)


def _remembered(file: Path | None, profiles: dict[str, Profile]) -> str:
    try:
        name = file.read_text("utf-8")[:64].strip() if file is not None else ""
    except (OSError, UnicodeDecodeError):
        name = ""
    return name if name in profiles else "balanced"


if __name__ == "__main__":
    sys.exit(main())
