"""The loudness of the box's own voice."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Protocol

from assistant.skills import slots
from assistant.skills.base import Act, Reply, Request
from common.state_file import load_json, save_json

log = logging.getLogger(__name__)

#: One step of "louder" or "quieter", in percent.
STEP = 10
_DEFAULT = 70


class VolumeControl(Protocol):
    """Something whose loudness can be set, in percent."""

    def get(self) -> int:
        """0 (silent) to 100."""

    def set(self, percent: int) -> None:
        """Set it; raises `StorageError` if it holds but could not be saved."""


class SavedVolume:
    """A loudness that survives a restart.

    Args:
        path: the JSON file.
        apply: told the loudness as a factor, 0.0 to 1.0, now and at each change.
    """

    def __init__(self, path: Path, apply: Callable[[float], None] = lambda _factor: None) -> None:
        self._path = path
        self._apply = apply
        stored = load_json(path)
        percent = stored.get("percent") if isinstance(stored, dict) else None
        valid = type(percent) is int and 0 <= percent <= 100
        self._percent: int = percent if valid and isinstance(percent, int) else _DEFAULT
        apply(self._percent / 100)

    def get(self) -> int:
        """0 (silent) to 100."""
        return self._percent

    def set(self, percent: int) -> None:
        """Set it, then save it.

        Raises:
            StorageError: it is set, but could not be saved.
        """
        self._percent = max(0, min(100, percent))
        self._apply(self._percent / 100)
        save_json(self._path, {"percent": self._percent})


class VolumeSkill:
    """Sets, changes and mutes the loudness; keeps what it was before muting."""

    intents = frozenset({"SottoSetVolume", "SottoChangeVolume", "SottoMute", "SottoGetVolume"})

    def __init__(self, volume: VolumeControl) -> None:
        self._volume = volume
        self._before_mute = 0

    def handle(self, request: Request) -> Reply:
        """Answer one of the intents."""
        match request.intent:
            case "SottoSetVolume":
                return self._set(request)
            case "SottoChangeVolume":
                return self._change(request)
            case "SottoMute":
                return self._mute(request)
            case _:
                return Reply(f"The volume is at {self._volume.get()} percent.")

    def _set(self, request: Request) -> Reply:
        named = slots.number(request.slots, "volume_percent")
        if named is not None:
            return self._to(round(named))
        level = slots.number(request.slots, "volume_level")
        if level is None:
            return Reply("How loud?", ok=False, expects_answer=True)
        # "Volume five" means half, as on boxes that count to ten; "five percent" means five percent.
        if 1 <= level <= 10 and "percent" not in request.text:
            level *= 10
        return self._to(round(level))

    def _change(self, request: Request) -> Reply:
        up = request.slots.get("direction") != "down"
        step = slots.number(request.slots, "volume_step") or STEP
        now = self._volume.get()
        if now == (100 if up else 0):
            return Reply(f"That is as {'loud' if up else 'quiet'} as I get.", ok=False)
        return self._to(round(now + (step if up else -step)))

    def _mute(self, request: Request) -> Reply:
        if request.slots.get("state") == "off":
            return self._to(self._before_mute or _DEFAULT)
        return Reply("", (Act("volume.set", value=0, run=self._mute_now),), stop_speaking=True)

    def _mute_now(self) -> None:
        self._before_mute = self._volume.get() or self._before_mute
        self._volume.set(0)

    def _to(self, percent: int) -> Reply:
        percent = max(0, min(100, percent))
        undo = partial(self._volume.set, self._volume.get())
        act = Act("volume.set", value=percent, run=partial(self._volume.set, percent), undo=undo)
        return Reply(f"Volume {percent} percent.", (act,))
