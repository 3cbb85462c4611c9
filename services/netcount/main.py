"""Takes the figures once and writes them to a file that everybody may read.

Run by a timer as `python3 -m services.netcount.main`.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from pathlib import Path

from common.errors import SottoError
from common.files import read_bounded, write_whole
from services.netcount.figures import figures
from services.netcount.firewall import LIST_TABLE, parse_table
from services.netcount.kernel import links, living_units
from services.traffic.figures import COUNTERS, MOST_BYTES, Figures, from_json, to_json
from services.traffic.programs import answer

log = logging.getLogger(__name__)


def take(path: Path) -> None:
    """Write the figures to `path`, whole or not at all, with mode 0644.

    Raises:
        SottoError: the firewall does not answer, or the file cannot be written; the old file stays.
    """
    before = load(path)
    # Units are read first: of a unit that ends in between, nft has only the number.
    living = living_units()
    table = parse_table(answer(LIST_TABLE))
    now = figures(table, living, links(), time.clock_gettime(time.CLOCK_BOOTTIME), before)
    write_whole(path, json.dumps(to_json(now), separators=(",", ":")).encode())


def load(path: Path) -> Figures | None:
    """The previous figures; None if there are none. Unusable ones are logged and count as none."""
    try:
        data = read_bounded(path, MOST_BYTES)
        return None if data is None else from_json(json.loads(data))
    except (SottoError, ValueError, RecursionError) as error:
        log.warning("the figures before are of no use: %s", error)
        return None


def main() -> int:
    """Entry point; the exit status is the kind of the error (see `common.errors`)."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    try:
        take(COUNTERS)
    except SottoError as error:
        log.error("%s", error)
        return int(error.kind.value)
    return 0


if __name__ == "__main__":
    sys.exit(main())
