"""How often the pairing code may be tried: by each source, and by all together. Pure; time is passed in."""

from __future__ import annotations

from dataclasses import dataclass

from common.errors import Unavailable

#: Tries of one source before the first wait.
FREE_TRIES = 5
#: The first wait in seconds; each further try doubles it, up to the longest. One source can so try about 24
#: codes a day.
FIRST_WAIT_S = 30.0
LONGEST_WAIT_S = 3600.0
#: Tries of all sources together: so many at once, and another one in each interval, 288 a day. One source
#: never uses them up. A year of that is 105,000 tries of a hundred million codes (0.1 %).
MOST_TRIES = 120
ANOTHER_S = 300.0
#: Seconds after its last try until a source is forgotten; with `MOST_TRIES` it bounds how many are kept.
FORGET_S = 86_400.0


@dataclass(frozen=True)
class _Tried:
    times: int
    last: float
    closed_until: float = 0.0


class Guesses:
    """Counts tries of the code. A try counts from its start, and is given back if the code was right."""

    def __init__(self) -> None:
        self._by_source: dict[str, _Tried] = {}
        self._left = float(MOST_TRIES)
        self._counted_at = 0.0

    def take(self, source: str, now: float) -> None:
        """Count one try.

        Args:
            source: where it comes from, as `services.inbound.addresses.network_of` says.
            now: seconds of a clock that never goes back.

        Raises:
            Unavailable: this source, or all together, tried too often; nothing is counted.
        """
        self._left = min(float(MOST_TRIES), self._left + (now - self._counted_at) / ANOTHER_S)
        self._counted_at = now
        tried = self._by_source.get(source, _Tried(0, now))
        if now < tried.closed_until:
            raise _closed(tried.closed_until - now, "too many wrong codes came from there")
        if self._left < 1.0:
            raise _closed((1.0 - self._left) * ANOTHER_S, "too many wrong codes came from many addresses")
        kept = {name: other for name, other in self._by_source.items() if now - other.last < FORGET_S}
        times = kept[source].times + 1 if source in kept else 1
        wait = FIRST_WAIT_S * 2.0 ** min(times - FREE_TRIES, 20) if times >= FREE_TRIES else 0.0
        self._by_source = {**kept, source: _Tried(times, now, now + min(LONGEST_WAIT_S, wait))}
        self._left -= 1.0

    def give_back(self, source: str) -> None:
        """The code was right: the source starts afresh."""
        self._by_source.pop(source, None)
        self._left = min(float(MOST_TRIES), self._left + 1.0)


def _closed(left_s: float, why: str) -> Unavailable:
    return Unavailable(
        f"pairing is closed for {left_s:.0f} s: {why}",
        hint="wait, then use the code that the box says; the ticket of `sotto pair` works meanwhile",
        code="pairing.wait",
    )
