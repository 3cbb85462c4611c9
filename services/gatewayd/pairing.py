"""The pairing code, and the limit on wrong codes."""

from __future__ import annotations

import hmac
import logging
import secrets
from pathlib import Path

from common.errors import Denied, InvalidInput, Unavailable
from common.files import read_bounded, write_whole
from common.metrics import Counter

log = logging.getLogger(__name__)

CODE_DIGITS = 8
#: Wrong codes before the first wait.
FREE_TRIES = 5
WRONG_CODES = Counter("sotto_pairing_wrong_codes_total", "Pairing codes that were wrong")
#: The first wait in seconds; each further wrong code doubles it, up to the longest. A stranger can so try
#: about 24 codes a day, of a hundred million.
FIRST_WAIT_S = 30.0
LONGEST_WAIT_S = 3600.0


class PairingGuard:
    """Compares pairing codes. After wrong ones, callers have to wait; time is passed in.

    The wait is the same for all callers, so that guessing from many addresses is no faster.

    Args:
        code: the pairing code.
    """

    def __init__(self, code: str) -> None:
        self._code = code
        self._wrong = 0
        self._closed_until = 0.0

    @property
    def code(self) -> str:
        """The pairing code."""
        return self._code

    def check(self, code: str, now: float) -> None:
        """Return if `code` is right.

        Args:
            code: as given; spaces and dashes do not matter.
            now: seconds of a clock that never goes back.

        Raises:
            Unavailable: too many wrong ones lately; nothing was compared.
            Denied: it is wrong.
        """
        if now < self._closed_until:
            left = self._closed_until - now
            raise Unavailable(
                f"pairing is closed for {left:.0f} s: too many wrong codes",
                hint="wait, then use the code that the box says or `sotto pair` prints",
                code="pairing.wait",
            )
        plain = code.replace(" ", "").replace("-", "").encode("utf-8", "replace")
        if hmac.compare_digest(plain, self._code.encode()):
            self._wrong = 0
            return
        self._wrong += 1
        WRONG_CODES.inc()
        if self._wrong >= FREE_TRIES:
            wait = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(self._wrong - FREE_TRIES, 20))
            self._closed_until = now + wait
            log.warning("%d wrong pairing codes; pairing is closed for %.0f s", self._wrong, wait)
        raise Denied(
            "that is not the pairing code",
            hint="ask the box for it, or run `sotto pair` on it",
            code="pairing.code",
        )


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
