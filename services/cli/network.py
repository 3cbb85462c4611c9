"""`sotto network`: what left this box."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from common.errors import InvalidInput, Unavailable
from common.files import read_bounded
from services.traffic.accounting import SHOW_SERVICES, Account, parse_show
from services.traffic.figures import COUNTERS, MOST_BYTES, from_json
from services.traffic.programs import answer
from services.traffic.report import as_json, described, warning


def network(options: argparse.Namespace) -> int:
    """Print the figures that the counting service left; needs no rights.

    Raises:
        Unavailable: there are none.
        InvalidInput: they are damaged.
    """
    path = Path(os.environ.get("SOTTO_NETWORK_FILE") or COUNTERS)
    data = read_bounded(path, MOST_BYTES)
    if data is None:
        raise Unavailable(
            f"there are no figures in {path}",
            hint="they need a Sotto box and its firewall, and a minute or two after the start; "
            "see: systemctl status nftables sotto-netcount",
            code="network.figures",
        )
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(
            f"{path} is damaged ({error})", hint="it is written again within a minute", code="network.figures"
        ) from error
    now, at_s = from_json(value), time.clock_gettime(time.CLOCK_BOOTTIME)
    if options.json:
        print(json.dumps(as_json(now, at_s, _accounts()), ensure_ascii=False))
    else:
        print(described(now, at_s, _accounts()))
    if doubt := warning(now, at_s):
        print(f"sotto: {doubt}", file=sys.stderr)
    return 0


def _accounts() -> Mapping[str, Account]:
    # An addition of systemd's; the firewall's figures stand without it.
    try:
        return parse_show(answer(SHOW_SERVICES))
    except Unavailable:
        return {}
