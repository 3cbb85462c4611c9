"""Admits connections: who gets one of the places of a port, and who loses one. Time is passed in.

A place is one connection; `services.gatewayd.admission` admits what callers open over connections. A
stranger is an address from which no valid token came yet; the strangers of one network
(`services.inbound.addresses.network_of`) count as one. However many come, places are left for addresses that
are known.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from services.inbound.addresses import network_of

#: Addresses that are remembered; there are at most 100 tokens, and a caller may move.
MAX_KNOWN = 256
#: Seconds after its last byte in which a stranger does not lose its place to another stranger. A TLS
#: handshake and a request need some hundredths of a second. This bounds what it costs that strangers come
#: again and again.
SETTLE_S = 0.5


@dataclass(frozen=True)
class Shares:
    """How the places of a port are shared.

    Attributes:
        places: for all peers.
        strangers: for all strangers together; the rest is kept for known addresses.
        stranger: for the strangers of one network.
        known: for one known address.
    """

    places: int
    strangers: int
    stranger: int
    known: int

    @classmethod
    def of(cls, places: int) -> Shares:
        """Three quarters for strangers, an eighth for one of them, three quarters for one known address."""
        return cls(places, max(1, places * 3 // 4), max(1, places // 8), max(1, places * 3 // 4))

    @classmethod
    def for_known(cls, places: int) -> Shares:
        """No place for strangers; a sixteenth is left for others by one known address."""
        return cls(places, 0, 0, max(1, places - places // 16))


@dataclass
class _Place:
    address: str
    heard: float
    vouched: bool = False


class KnownAddresses:
    """The addresses from which a valid token came, the latest `MAX_KNOWN` of them; shared by all ports."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, None] = OrderedDict()

    def __contains__(self, address: str) -> bool:
        return address in self._seen

    def add(self, address: str) -> None:
        """A valid token came from there."""
        self._seen[address] = None
        self._seen.move_to_end(address)
        if len(self._seen) > MAX_KNOWN:
            self._seen.popitem(last=False)


@dataclass(frozen=True)
class Verdict:
    """What is to happen when a peer connects.

    Attributes:
        admitted: whether it has a place now.
        dropped: the connection that lost its place to it, by its number; None for none.
    """

    admitted: bool
    dropped: int | None = None


class Admission:
    """The places of one port. Connections are numbered by the caller.

    Args:
        shares: of the places.
        is_known: whether an address is no stranger's.
    """

    def __init__(self, shares: Shares, is_known: Callable[[str], bool]) -> None:
        self._shares = shares
        self.is_known = is_known
        #: The one that was silent for longest comes first.
        self._places: OrderedDict[int, _Place] = OrderedDict()
        self._by_address: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._places)

    def arrive(self, number: int, address: str, now: float) -> Verdict:
        """A connection from `address` came: it gets a place, perhaps that of another one, or none."""
        known = self.is_known(address)
        rivals = self._rivals_of_known(address) if known else self._rivals_of_stranger(address)
        dropped = None
        if rivals:
            # Who is known need not wait until a stranger has been silent for a while.
            settled = now if known else now - SETTLE_S
            silent = (self._most_silent(settled, may_go) for may_go in rivals)
            dropped = next((found for found in silent if found is not None), None)
            if dropped is None:
                return Verdict(False)
            self.leave(dropped)
        self._places[number] = _Place(address, now)
        self._by_address[address] += 1
        return Verdict(True, dropped)

    def heard(self, number: int, now: float) -> None:
        """Something came on a connection."""
        if place := self._places.get(number):
            place.heard = now
            self._places.move_to_end(number)

    def vouch(self, number: int) -> None:
        """A valid token came on a connection: it keeps its place."""
        if place := self._places.get(number):
            place.vouched = True

    def leave(self, number: int) -> None:
        """A connection has ended."""
        if place := self._places.pop(number, None):
            self._by_address[place.address] -= 1
            if not self._by_address[place.address]:
                del self._by_address[place.address]

    def _rivals_of_known(self, address: str) -> tuple[Callable[[_Place], bool], ...]:
        """Which places a connection from a known address competes for, the first choice first; none if one is
        free.
        """
        if self._by_address[address] >= self._shares.known:
            return (lambda place: place.address == address,)
        if len(self._places) >= self._shares.places:
            return (self._is_stranger, lambda _: True)
        return ()

    def _rivals_of_stranger(self, address: str) -> tuple[Callable[[_Place], bool], ...]:
        """The same for a stranger."""
        network = network_of(address)
        strangers = [other for other in self._by_address if not self.is_known(other)]
        own = {other for other in strangers if network_of(other) == network}
        if sum(self._by_address[other] for other in own) >= self._shares.stranger:
            return (lambda place: place.address in own,)
        everybody = sum(self._by_address[other] for other in strangers)
        if everybody >= self._shares.strangers or len(self._places) >= self._shares.places:
            return (self._is_stranger,)
        return ()

    def _is_stranger(self, place: _Place) -> bool:
        return not self.is_known(place.address)

    def _most_silent(self, settled: float, may_go: Callable[[_Place], bool]) -> int | None:
        """The connection without a token that has been silent for longest, and heard last by `settled`."""
        for number, place in self._places.items():
            if place.heard > settled:
                return None
            if not place.vouched and may_go(place):
                return number
        return None
