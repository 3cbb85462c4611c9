"""sotto-greet: the box says its name, address and pairing code once, and set-up mistakes at each boot.

Runs as the assistant's user. It reads files of other units, and speaks with `Announce`.
"""

from __future__ import annotations

import argparse
import json
import logging
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from common.errors import SottoError
from common.files import read_bounded
from common.paths import socket_path, state_dir
from common.programs import run
from common.state_file import load_json, save_json
from services.provision.greeting import Facts, Said, step, usable
from services.provision.keyfile import OWN_ADDRESS
from services.provision.places import Places

log = logging.getLogger(__name__)

_NAP_S = 2.0
_LIMIT = 64 * 1024
#: The assistant may still be starting; its first start lays the models out, which takes minutes.
_SPEAK_TRIES = 5
_SPEAK_NAP_S = 5.0


class Greeter:
    """Polls the facts and says what is due.

    Args:
        places: the files of the other units.
        marker: the file whose presence means that the greeting was said.
        say: speaks a text; raises `SottoError` if it cannot.
        addresses: the box's addresses.
        now: monotonic seconds.
    """

    def __init__(
        self,
        places: Places,
        marker: Path,
        say: Callable[[str], None],
        addresses: Callable[[], tuple[str, ...]],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._places = places
        self._marker = marker
        self._say = say
        self._addresses = addresses
        self._now = now
        self._started = now()
        self.said = Said(greeted=load_json(marker) is not None)

    def turn(self) -> bool:
        """Look once and speak if something is due; returns whether all has been said.

        Raises:
            SottoError: the text could not be spoken; the next call tries again.
        """
        said, text, done = step(self.said, self._started, self._now(), self.facts())
        if text:
            log.info("saying something of %d characters", len(text))
            self._say(text)
        if said.greeted and not self.said.greeted:
            save_json(self._marker, {"greeted": True})
        self.said = said
        return done

    def facts(self) -> Facts:
        """The present situation; a file that cannot be read counts as absent."""
        announced = _json(self._places.announce)
        setup = _json(self._places.setup_run / "state.json")
        problems = announced.get("problems")
        return Facts(
            name=_text(announced, "name"),
            host=_text(announced, "host") or "sotto",
            problems=tuple(str(p) for p in problems) if isinstance(problems, list) else (),
            code=_code(self._places.pairing_code),
            password=_code(self._places.own_password),
            addresses=tuple(a for a in self._addresses() if usable(a, OWN_ADDRESS)),
            stage=_text(setup, "stage"),
            network=_text(setup, "network"),
            failure=_text(setup, "failure"),
        )


def _json(path: Path) -> Mapping[str, Any]:
    try:
        value = json.loads(read_bounded(path, _LIMIT) or b"{}")
    except (SottoError, ValueError, RecursionError) as error:
        log.warning("%s: %s", path, error)
        return {}
    return value if isinstance(value, dict) else {}


def _text(table: Mapping[str, Any], key: str) -> str:
    value = table.get(key)
    return value if isinstance(value, str) else ""


def _code(path: Path) -> str:
    try:
        return (read_bounded(path, 64) or b"").decode("ascii", "replace").strip()
    except SottoError as error:
        log.warning("%s", error)
        return ""


def addresses_from(output: str) -> tuple[str, ...]:
    """The addresses that `ip -json address show up` printed; none if its output cannot be read."""
    try:
        links = json.loads(output)
        found = [
            info["local"] for link in links for info in link["addr_info"] if info.get("scope") == "global"
        ]
    except (ValueError, TypeError, KeyError, AttributeError):
        return ()
    return tuple(address for address in found if isinstance(address, str))


def _addresses() -> tuple[str, ...]:
    try:
        done = run(["ip", "-json", "address", "show", "up"], 10.0)
    except (OSError, subprocess.TimeoutExpired) as error:
        log.warning("ip: %s", error)
        return ()
    return addresses_from(done.output)


def _announce(text: str) -> None:
    # Imported here, so that a box that has said everything does not load gRPC.
    from services.client.choice import open_daemon

    with open_daemon() as daemon:
        daemon.announce(text)


def main() -> int:
    """Entry point; ends when all has been said, or when the box cannot speak."""
    parser = argparse.ArgumentParser(prog="sotto-greet", description=__doc__)
    parser.add_argument("--root", type=Path, default=Path("/"), help="where the files lie (for tests)")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    greeter = Greeter(Places(options.root), state_dir() / "greeted.json", _announce, _addresses)
    failures = 0
    while True:
        try:
            if greeter.turn():
                return 0
            failures = 0
            time.sleep(_NAP_S)
        except SottoError as error:
            failures += 1
            if failures >= _SPEAK_TRIES:
                # A box without a loudspeaker is not broken; the text is in the journal.
                log.warning("this could not be said on %s: %s", socket_path(), error)
                return 0
            time.sleep(_SPEAK_NAP_S)


if __name__ == "__main__":
    sys.exit(main())
