"""sotto-sound: chooses microphone and loudspeaker by measurement."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import time
from pathlib import Path

from common.errors import SottoError, StorageError, Unavailable
from services.daemon.notify import notify
from services.sound.chooser import Chooser
from services.sound.watch import Watch
from services.wire.sound_choice import SOUND_CHOICE

# Seconds between two looks at the owner's files.
_LOOK_S = 20.0
# WirePlumber announces the cards within about a second of its start. Units that wait for this daemon would
# otherwise open a default that is about to change.
_FIRST_S = 5.0


def run(folder: Path, settings: Path) -> int:
    """Choose until the process is told to stop.

    Raises:
        Unavailable: the sound server is not there, or has gone.
        StorageError: the report cannot be written.
    """
    watch = Watch()
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True
        watch.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    chooser = Chooser(folder, settings)
    try:
        first = time.monotonic() + _FIRST_S
        changed = watch.wait(_FIRST_S)
        while not stopping:
            chooser.look(time.monotonic(), changed=changed)
            now = time.monotonic()
            if chooser.has_card or now >= first:
                notify("READY=1")
            changed = watch.wait(chooser.wait_s(now, _LOOK_S if now >= first else first - now))
        notify("STOPPING=1")
        return 0
    except Unavailable:
        # With the service, its helpers are told to end, too.
        if stopping:
            return 0
        raise
    except OSError as error:
        raise StorageError(
            f"what was chosen cannot be written below {folder}: {error}", code="sound.report"
        ) from error
    finally:
        watch.close()


def main() -> int:
    """Entry point of sotto-sound.service."""
    parser = argparse.ArgumentParser(prog="sotto-sound", description=__doc__)
    parser.add_argument("--folder", type=Path, default=SOUND_CHOICE.parent, help="where choice.json goes")
    config = Path(os.environ.get("SOTTO_CONFIG") or "/var/lib/sotto/config")
    parser.add_argument("--settings", type=Path, default=config, help="the folder of the owner's settings")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        return run(options.folder, options.settings)
    except SottoError as error:
        print(f"sotto-sound: {error}", file=sys.stderr)
        return int(error.kind.value)


if __name__ == "__main__":
    sys.exit(main())
