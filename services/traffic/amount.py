"""An amount of network traffic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Traffic:
    """Packets, and their bytes from the IP header on."""

    packets: int = 0
    bytes: int = 0

    def __add__(self, other: Traffic) -> Traffic:
        return Traffic(self.packets + other.packets, self.bytes + other.bytes)


NO_TRAFFIC = Traffic()


def traffic_from(value: Mapping[str, Any]) -> Traffic:
    """From JSON as nft and our own file have it.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    amount = Traffic(int(value["packets"]), int(value["bytes"]))
    if amount.packets < 0 or amount.bytes < 0:
        raise ValueError(f"a counter below zero: {amount}")
    return amount
