"""Puts everything back that a powerd which died had changed: `python3 -m services.powerd.restore`.

Small on purpose: it runs when something has gone wrong, and needs neither the bus nor anything that powerd
does.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from common.errors import SottoError
from common.lock import StateLock
from power.journal import Journal
from power.sysfs import Sysfs
from services.powerd.places import JOURNAL, RUNTIME

#: The dead one's lock is free already; a living one, started again, puts everything back itself.
_WAIT_S = 5.0


def main() -> int:
    """Undo what the log says; 0 if all is as before."""
    parser = argparse.ArgumentParser(prog="sotto-power-restore", description=__doc__)
    parser.add_argument("--root", type=Path, default=Path("/"), help=argparse.SUPPRESS)
    parser.add_argument("--runtime", type=Path, default=RUNTIME, help="folder of the undo log")
    options = parser.parse_args()
    if not (options.runtime / JOURNAL).exists():
        return 0
    try:
        lock = StateLock(options.runtime, _WAIT_S, what="a power daemon")
        try:
            failed = Journal(options.runtime / JOURNAL).undo(Sysfs(options.root))
        finally:
            lock.release()
    except SottoError as error:
        print(f"sotto-power-restore: {error}", file=sys.stderr)
        return int(error.kind.value)
    for each in failed:
        print(f"sotto-power-restore: not put back: {each}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
