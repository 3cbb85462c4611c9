"""Pairing: by the code that the box says, or by a ticket of `sotto pair`."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from common.errors import Denied, InvalidInput
from common.files import read_bounded, write_whole
from common.metrics import Counter
from services.gatewayd.guesses import Guesses
from services.gatewayd.tickets import Tickets

if TYPE_CHECKING:
    from services.gatewayd.exchange import Exchanges, Keys

CODE_DIGITS = 8
WRONG_CODES = Counter("sotto_pairing_wrong_codes_total", "Pairing codes that were wrong")


class Pairing:
    """Decides who is paired. Times are passed in, as seconds of a clock that never goes back.

    Args:
        code: the pairing code.
        key_hash: gives the SHA-256 of the public key of the box's certificate; called at the first exchange.
    """

    def __init__(self, code: str, key_hash: Callable[[], bytes]) -> None:
        self.code = code
        self.tickets = Tickets()
        self._key_hash = key_hash
        self._guesses = Guesses()
        self._made: Exchanges | None = None

    @property
    def _exchanges(self) -> Exchanges:
        if self._made is None:
            # Most gateways pair seldom, and the libraries take 11 MB.
            from services.gatewayd.exchange import Exchanges

            self._made = Exchanges(self.code, self._key_hash())
        return self._made

    def start(self, message: bytes, source: str, now: float) -> tuple[str, bytes]:
        """Begin an exchange; gives its name and the box's message.

        Args:
            message: the client's.
            source: where it comes from, as `services.inbound.addresses.network_of` says.
            now: see the class.

        Raises:
            Unavailable: too many wrong codes lately.
            InvalidInput: the message cannot be used.
        """
        self._guesses.take(source, now)
        return self._exchanges.start(message, source, now)

    def confirm(self, exchange: str, confirmation: bytes, now: float) -> Keys:
        """End an exchange; gives the keys for the token.

        Raises:
            NotFound: there is no such exchange, or not any more.
            Denied: the code is wrong, or the client saw another certificate.
        """
        try:
            keys, source = self._exchanges.confirm(exchange, confirmation, now)
        except Denied:
            WRONG_CODES.inc()
            raise
        self._guesses.give_back(source)
        return keys


def load_code(path: Path) -> str:
    """The code in `path`; a new one where there is none.

    Raises:
        InvalidInput: the file has no pairing code.
        StorageError: a new one cannot be written.
    """
    there = (read_bounded(path, 64) or b"").decode("ascii", "replace").strip()
    if not there:
        there = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(path, f"{there}\n".encode(), 0o600)
    if not (there.isascii() and there.isdigit() and len(there) == CODE_DIGITS):
        raise InvalidInput(
            f"{path} has no pairing code of {CODE_DIGITS} digits",
            hint="remove it; a new one is made at the next start",
            code="pairing.file",
        )
    return there
