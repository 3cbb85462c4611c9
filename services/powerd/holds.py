"""Profiles that programs hold for a while, as power-profiles-daemon has them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from common.errors import InvalidInput, NotFound, TooLarge

#: The two that can be held; the other one is what is chosen anyway.
HOLDABLE = ("performance", "power-saver")
_MOST = 64
_MOST_CHARACTERS = 200


@dataclass(frozen=True)
class Hold:
    """One program's wish: `owner` is its name on the bus."""

    cookie: int
    profile: str
    reason: str
    application: str
    owner: str


class Holds:
    """All holds; bounded."""

    def __init__(self) -> None:
        self._holds: dict[int, Hold] = {}
        self._last = 0

    def __iter__(self) -> Iterator[Hold]:
        return iter(self._holds.values())

    @property
    def profile(self) -> str:
        """The profile that the holds ask for, "" without any; power-saver wins."""
        held = {hold.profile for hold in self}
        return next((name for name in reversed(HOLDABLE) if name in held), "")

    def add(self, profile: str, reason: str, application: str, owner: str) -> int:
        """A new hold; returns its cookie, which is never 0 and never used again.

        Raises:
            InvalidInput: the profile cannot be held.
            TooLarge: there are too many holds, or a text is too long.
        """
        if profile not in HOLDABLE:
            raise InvalidInput(
                f"the profile {profile[:40]!r} cannot be held", hint=f"one of {', '.join(HOLDABLE)} can"
            )
        if len(reason) > _MOST_CHARACTERS or len(application) > _MOST_CHARACTERS:
            raise TooLarge(f"a text has more than {_MOST_CHARACTERS} characters", hint="say it shorter")
        if len(self._holds) >= _MOST:
            raise TooLarge(f"{_MOST} holds are there already", hint="release one")
        self._last += 1
        self._holds[self._last] = Hold(self._last, profile, reason, application, owner)
        return self._last

    def release(self, cookie: int, owner: str) -> None:
        """End a hold of `owner`.

        Raises:
            NotFound: it has none of that number.
        """
        hold = self._holds.get(cookie)
        if hold is None or hold.owner != owner:
            raise NotFound(f"you have no hold {cookie}", hint="use the number that HoldProfile gave")
        del self._holds[cookie]

    def drop(self, owner: str | None = None) -> tuple[Hold, ...]:
        """End all holds of `owner`, who has left the bus, or all there are; returns them."""
        gone = tuple(hold for hold in self if owner is None or hold.owner == owner)
        for hold in gone:
            del self._holds[hold.cookie]
        return gone
