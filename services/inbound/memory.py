"""One budget of memory for what callers send and have not been answered yet, and a share of it for each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from types import TracebackType

from common.errors import Unavailable
from common.metrics import Counter as Metric
from common.metrics import Gauge

HELD = Gauge("sotto_requests_memory_bytes", "Memory that is set aside for requests")
REFUSED = Metric(
    "sotto_requests_refused_total", "Requests for which there was no memory, by the error", ("code",)
)
#: Seconds after which a refused caller may try again; most requests are over by then.
RETRY_S = 5
#: Error codes of a refusal: by the share of the caller, or by the whole budget.
SHARE, FULL = "memory.share", "memory.full"


@dataclass(frozen=True)
class MemoryShares:
    """Bytes of memory.

    Attributes:
        whole: for all callers together.
        token: for one token.
        address: for one address.
        strangers: for all callers without a token together.
    """

    whole: int
    token: int
    address: int
    strangers: int

    @classmethod
    def of(cls, whole: int) -> MemoryShares:
        """Half for one token, three quarters for one address, an eighth for strangers."""
        return cls(whole, whole // 2, whole * 3 // 4, whole // 8)


class MemoryBudget:
    """Counts the memory that requests hold.

    Args:
        shares: how it is shared.
    """

    def __init__(self, shares: MemoryShares) -> None:
        self._shares = shares
        self._held = 0
        self._by_token: Counter[str] = Counter()
        self._by_address: Counter[str] = Counter()

    @property
    def held(self) -> int:
        """Bytes that are held now."""
        return self._held

    def hold(self, token: str, address: str) -> Holding:
        """What one request holds; nothing yet.

        Args:
            token: of the caller; "" for none.
            address: its own (`services.inbound.addresses.plain`); "" for a caller on this machine.
        """
        return Holding(self, token, address)

    def _take(self, token: str, address: str, size: int) -> None:
        share = self._shares.token if token else self._shares.strangers
        if self._by_token[token] + size > share or (
            address and self._by_address[address] + size > self._shares.address
        ):
            raise _refused("this caller has too many requests open at once", SHARE)
        if self._held + size > self._shares.whole:
            raise _refused("the box has too many requests open at once", FULL)
        self._change(token, address, size)

    def _change(self, token: str, address: str, size: int) -> None:
        self._held += size
        for counts, key in ((self._by_token, token), (self._by_address, address)):
            counts[key] += size
            if not counts[key]:
                del counts[key]
        HELD.set(self._held)


class Holding:
    """The memory of one request; a context that gives it back at its end."""

    def __init__(self, budget: MemoryBudget, token: str, address: str) -> None:
        self._budget = budget
        self._token = token
        self._address = address
        self._size = 0

    def __enter__(self) -> Holding:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.resize(0)

    def resize(self, size: int) -> None:
        """Hold `size` bytes from now on.

        Raises:
            Unavailable: the share of the caller, or the whole budget, does not have them.
        """
        if size > self._size:
            self._budget._take(self._token, self._address, size - self._size)
        else:
            self._budget._change(self._token, self._address, size - self._size)
        self._size = size


def _refused(what: str, code: str) -> Unavailable:
    REFUSED.inc(code)
    return Unavailable(what, hint=f"wait for answers, and try again in {RETRY_S} s", code=code)
