"""Tickets of `sotto pair`: each pairs one program, soon. Time is passed in."""

from __future__ import annotations

import hashlib
import secrets

from common.errors import Denied

#: Seconds for which a ticket is good.
TICKET_S = 600.0
#: More are not kept; the oldest goes first.
MOST_TICKETS = 16
#: 192 random bits. So many cannot be guessed, so tries are not counted.
_BYTES = 24


class Tickets:
    """Tickets that were given out and not used yet, by their hashes."""

    def __init__(self) -> None:
        self._ends: dict[bytes, float] = {}

    def issue(self, now: float) -> str:
        """A new ticket.

        Args:
            now: seconds of a clock that never goes back.
        """
        ticket = secrets.token_urlsafe(_BYTES)
        self._ends[_digest(ticket)] = now + TICKET_S
        for oldest in list(self._ends)[:-MOST_TICKETS]:
            del self._ends[oldest]
        return ticket

    def redeem(self, ticket: str, now: float) -> None:
        """Use a ticket up.

        Raises:
            Denied: it was never given out, was used, or is too old.
        """
        if now >= self._ends.pop(_digest(ticket), now):
            raise Denied(
                "that is not a ticket, or it was used, or it is too old",
                hint="`sotto pair` on the box prints a new one; the code is not sent here (docs/pairing.md)",
                code="pairing.ticket",
            )


def _digest(ticket: str) -> bytes:
    return hashlib.sha256(ticket.encode("utf-8", "replace")).digest()
