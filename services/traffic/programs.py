"""Runs nft and systemctl with a limit on time and on output."""

from __future__ import annotations

from collections.abc import Sequence

from common.errors import Unavailable
from common.programs import output_of

_TIMEOUT_S = 20.0


def answer(command: Sequence[str]) -> str:
    """What a program prints.

    Raises:
        Unavailable: `network.program`: it is missing, fails, hangs, or says too much.
    """
    said = output_of(command, _TIMEOUT_S, lambda why: _no_answer(command, why))
    return said.decode("utf-8", "replace")


def _no_answer(command: Sequence[str], why: str) -> Unavailable:
    return Unavailable(
        f"{command[0]} does not tell: {why}",
        hint="is this a Sotto box? see: systemctl status nftables sotto-netcount",
        code="network.program",
    )
