"""Ends a conversation from which nothing comes, so that another can begin."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from common.errors import Unavailable


class Heard:
    """What came from the caller last.

    Args:
        limit: of the time in which something has to come; it is moved on.
        quiet_s: seconds; None for no limit.
    """

    def __init__(self, limit: asyncio.Timeout, quiet_s: float | None) -> None:
        self._limit: asyncio.Timeout | None = limit
        self._quiet_s = quiet_s

    def again(self) -> None:
        """Something came now."""
        if self._quiet_s is not None:
            self._move(asyncio.get_running_loop().time() + self._quiet_s)

    def all(self) -> None:
        """Nothing more has to come: the caller waits for its answer."""
        self._move(None)

    def over(self) -> None:
        """The conversation has ended; what comes later does not matter."""
        self._limit = None

    def _move(self, when: float | None) -> None:
        if self._limit is not None and not self._limit.expired():
            self._limit.reschedule(when)


@asynccontextmanager
async def while_heard(quiet_s: float | None) -> AsyncIterator[Heard]:
    """Cancel the block if `Heard.again` is not called for `quiet_s` seconds; None for no limit.

    Raises:
        Unavailable: it was not.
    """
    limit = asyncio.timeout(quiet_s)
    heard = Heard(limit, quiet_s)
    try:
        async with limit:
            yield heard
    except TimeoutError:
        if not limit.expired():
            raise
        raise Unavailable(
            f"nothing came for {quiet_s:g} s",
            hint="open a conversation when there is something to hear",
            code="converse.idle",
        ) from None
    finally:
        heard.over()
