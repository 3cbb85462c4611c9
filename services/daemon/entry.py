"""What the entry points of the daemons have in common: the switch for the log, and how an error is told."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Iterable

import common.process_metrics  # noqa: F401  (each daemon reports its memory and processor time)
from common.errors import SottoError
from common.faults import Fault

log = logging.getLogger(__name__)


def parse_options(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """The options of the command line, with `-v` among them, and logging to standard error set up by it."""
    parser.add_argument("-v", "--verbose", action="store_true", help="log what happens")
    options = parser.parse_args()
    logging.basicConfig(
        level=logging.INFO if options.verbose else logging.WARNING,
        format="%(levelname)s %(name)s: %(message)s",
    )
    return options


def log_faults(faults: Iterable[Fault]) -> None:
    """Log what the daemon goes on without."""
    for fault in faults:
        log.warning("%s [%s] %s", fault.message, fault.code, fault.effect)


def failed(program: str, error: SottoError) -> int:
    """Tell what is wrong on standard error; the exit status is the kind of the error."""
    print(f"{program}: {error}", file=sys.stderr)
    return int(error.kind.value)
