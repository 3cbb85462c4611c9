"""Changes the loudness of the box's own voice."""

from __future__ import annotations

from functools import partial

from assistant.skills import slots
from assistant.skills.context import SkillContext
from assistant.skills.contract import Act, Reply, Request, asking
from assistant.skills.lines import WordList, line
from assistant.skills.steps import Step, change
from assistant.skills.volume_control import DEFAULT_VOLUME

#: "Louder" or "quieter", in percent.
STEP = Step(10, 10, 30)

#: A kind of answer.
LOUDNESS = "SottoLoudness"

_AT = line("volume.at", "percent")
_SET = line("volume.set", "percent")
_HOW_LOUD = line("volume.how_loud")
_LOUDEST = line("volume.loudest")
_QUIETEST = line("volume.quietest")
_PERCENT = WordList("volume.percent")


def wanted_step(request: Request, step: Step) -> float:
    """The change that a request asks for in percent, below zero for quieter: "up", "down" or a number."""
    number = slots.number(request.slots, "volume_step")
    return (change(request, "volume_step", step) or 0.0) if number is None else number


class VolumeSkill:
    """Sets, changes and mutes the loudness; keeps what it was before muting.

    Args:
        box: its loudness.
    """

    intents = frozenset({"SottoSetVolume", "SottoChangeVolume", "SottoMute", "SottoUnmute", "SottoGetVolume"})

    def __init__(self, box: SkillContext) -> None:
        self._volume = box.volume
        self._text = box.replies.text
        self._percent = box.replies.words(_PERCENT)
        self._before_mute = 0

    def handle(self, request: Request) -> Reply:
        """Answer one of the intents."""
        match request.intent:
            case "SottoSetVolume":
                return self._set(request)
            case "SottoChangeVolume":
                return self._change(request)
            case "SottoMute":
                return Reply("", (Act("volume.set", value=0, run=self._mute_now),), stop_speaking=True)
            case "SottoUnmute":
                return self._to(self._before_mute or DEFAULT_VOLUME)
            case _:
                return Reply(self._text(_AT, percent=self._volume.get()))

    def wanted(self, request: Request) -> int | None:
        """The loudness that a request names, in percent."""
        named = slots.number(request.slots, "volume_percent")
        if named is not None:
            return round(named)
        level = slots.number(request.slots, "volume_level")
        if level is None:
            return None
        # "Volume five" means half, as on boxes that count to ten; "five percent" means five percent.
        if 1 <= level <= 10 and not any(word in request.text for word in self._percent):
            level *= 10
        return round(level)

    def _set(self, request: Request) -> Reply:
        percent = self.wanted(request)
        return self._to(percent) if percent is not None else asking(self._text(_HOW_LOUD), request, LOUDNESS)

    def _change(self, request: Request) -> Reply:
        step = wanted_step(request, STEP)
        now = self._volume.get()
        if now == (100 if step > 0 else 0):
            return Reply(self._text(_LOUDEST if step > 0 else _QUIETEST), ok=False)
        return self._to(round(now + step))

    def _mute_now(self) -> None:
        self._before_mute = self._volume.get() or self._before_mute
        self._volume.set(0)

    def _to(self, percent: int) -> Reply:
        percent = max(0, min(100, percent))
        undo = partial(self._volume.set, self._volume.get())
        act = Act("volume.set", value=percent, run=partial(self._volume.set, percent), undo=undo)
        return Reply(self._text(_SET, percent=percent), (act,))
