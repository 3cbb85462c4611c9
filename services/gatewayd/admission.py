"""Admits conversations and streams of events: who may hold one of the assistant's places for them. Pure.

`services.inbound.admission` admits the connections of a port.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum

from common import metrics
from common.errors import SottoError, Unavailable
from services.gatewayd.tokens import Token

REFUSED = metrics.Counter(
    "sotto_places_refused_total", "Conversations and event streams that were refused, by the error", ("code",)
)


class Kind(Enum):
    """Kinds of callers."""

    #: A paired program.
    TOKEN = "token"
    #: A hub that speaks Wyoming.
    HUB = "hub"
    #: A program of this machine, without a token.
    LOCAL = "local"


@dataclass(frozen=True)
class Holder:
    """Who holds a place.

    Attributes:
        kind: see `Kind`.
        name: of the token, or the address of the hub.
    """

    kind: Kind
    name: str = ""


def holder_of(caller: Token) -> Holder:
    """The holder that a caller of REST, WebSocket or gRPC is."""
    return Holder(Kind.TOKEN, caller.name) if caller.digest else Holder(Kind.LOCAL)


@dataclass(frozen=True)
class Shares:
    """How many places there are, and for whom.

    The room needs none: it has its own conversation in assistantd.

    Attributes:
        what: a place is, in the plural, for messages.
        total: in assistantd.
        token: of one token at once.
        hub: of one hub at once.
        kept_for_hubs: never taken by tokens.
        kept_for_local: never taken over the network.
    """

    what: str
    total: int
    token: int
    hub: int = 0
    kept_for_hubs: int = 0
    kept_for_local: int = 2


def refusal(shares: Shares, held: Mapping[Holder, int], holder: Holder) -> SottoError | None:
    """Why `holder` gets no further place; None if it gets one.

    Args:
        shares: the rules.
        held: places that are held now.
        holder: who asks.
    """
    share = {Kind.TOKEN: shares.token, Kind.HUB: shares.hub, Kind.LOCAL: shares.total}[holder.kind]
    if held.get(holder, 0) >= share:
        return Unavailable(
            f"{share} {shares.what} of {holder.name or 'this machine'!r} are open already",
            hint="close one; other programs have places of their own",
            code="access.share",
        )
    by_tokens = sum(number for other, number in held.items() if other.kind is Kind.TOKEN)
    for_network = shares.total - shares.kept_for_local
    full = holder.kind is not Kind.LOCAL and sum(held.values()) >= for_network
    full = full or sum(held.values()) >= shares.total
    if full or (holder.kind is Kind.TOKEN and by_tokens >= for_network - shares.kept_for_hubs):
        return Unavailable(
            f"all {shares.what} for such callers are open already",
            hint="try again when one has ended",
            code="daemon.no-place",
        )
    return None


class Places:
    """The places that are held now, of one kind.

    Args:
        shares: the rules.
    """

    def __init__(self, shares: Shares) -> None:
        self._shares = shares
        self._held: Counter[Holder] = Counter()

    def take(self, holder: Holder) -> Callable[[], None]:
        """Take a place; gives what releases it, to be called once.

        Raises:
            Unavailable: the holder has its share, or there is none left for its kind.
        """
        error = refusal(self._shares, self._held, holder)
        if error is not None:
            REFUSED.inc(error.code)
            raise error
        self._held[holder] += 1

        def release() -> None:
            self._held[holder] -= 1
            if not self._held[holder]:
                del self._held[holder]

        return release

    @contextmanager
    def hold(self, holder: Holder) -> Iterator[None]:
        """Hold a place while the context lasts; see `take`."""
        release = self.take(holder)
        try:
            yield
        finally:
            release()
