"""PipeWire's own tools, called with a time limit and a limit on what they may answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from common.errors import Unavailable
from common.programs import output_of

_TIMEOUT_S = 30.0


def run(*command: str, timeout_s: float = _TIMEOUT_S) -> bytes:
    """What a tool prints.

    Raises:
        Unavailable: `sound.server`: it is missing, fails, hangs, or says too much.
    """
    return output_of(command, timeout_s, lambda why: _no_answer(command, why))


def dump() -> list[Any]:
    """All objects of the sound server, as `pw-dump` tells them.

    Raises:
        Unavailable: `sound.server`.
    """
    try:
        objects = json.loads(run("pw-dump", "--no-colors"))
    except ValueError as error:
        raise _no_answer(("pw-dump",), f"no JSON: {error}") from error
    if not isinstance(objects, list):
        raise _no_answer(("pw-dump",), "no list")
    return objects


def set_default(kind: str, name: str) -> None:
    """Make the node `name` what is used when nobody chooses; streams of that sort move over at once.

    Args:
        kind: "source" or "sink".

    Raises:
        Unavailable: `sound.server`.
    """
    value = json.dumps({"name": name})
    run("pw-metadata", "0", f"default.configured.audio.{kind}", value, "Spa:String:JSON")


def _no_answer(command: Sequence[str], why: str) -> Unavailable:
    return Unavailable(
        f"the sound server does not answer ({command[0]}): {why}",
        hint="is sotto-pipewire.service running? see: systemctl status sotto-pipewire sotto-wireplumber",
        code="sound.server",
    )
