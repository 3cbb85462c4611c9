"""Real speech at the pace of a microphone: the time from the last word to the first sound."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from time import perf_counter, process_time
from typing import Any

import numpy as np

from assistant.assistant import Assistant
from assistant.audio.format import FRAME_SAMPLES, SAMPLE_RATE
from assistant.audio.stream_sink import StreamSink
from assistant.events import Event, EventKind
from assistant.turn.endpointing import EndpointingSettings
from assistant.turn.settings import ConversationSettings
from assistant.turn.store import Turn
from services.bench.figures import percentiles
from services.bench.recordings import Clip, speech_span
from services.bench.whole import slots_of, spoken_slots
from services.client.recording import frames_of

#: What the voice activity detector is given to get used to the room, before and behind the speech.
_LEAD_S = 0.7
_TAIL_S = 0.6
#: The silence that a plain assistant waits for, whatever was said; of the published ones the middle.
FIXED_MS = 700
STAGES = ("wait", "recognise", "parse and act", "speak")


@dataclass(frozen=True)
class ClipResult:
    """What became of one clip.

    Attributes:
        turns: those in which something was said.
        kind: how finished the words were when the first turn was committed: "complete", "extendable",
            "unparsed", "unfinished", or "unknown" if it was committed before anything was recognised.
        clocks_ms: of the product: they start where its own voice activity detector heard speech end.
        outside_ms: the same, from the end of speech that the energy of the whole clip shows.
        stages_ms: `STAGES`, from that end to the first sample of the reply.
        core_percent: processor time of this process from the first to the last word, of one core.
    """

    clip: Clip
    turns: tuple[Turn, ...]
    kind: str
    clocks_ms: Mapping[str, float] = field(default_factory=dict)
    outside_ms: Mapping[str, float] = field(default_factory=dict)
    stages_ms: Mapping[str, float] = field(default_factory=dict)
    core_percent: float | None = None


def hear(assistant: Assistant, clip: Clip) -> ClipResult:
    """Feed one clip in real time; silence follows until it has been answered."""
    begin, end = speech_span(clip.audio)
    start = max(0, begin - int(_LEAD_S * SAMPLE_RATE))
    audio = clip.audio[start : end + int(_TAIL_S * SAMPLE_RATE)]
    begin, end = begin - start, end - start
    events: list[tuple[float, Event]] = []
    turns: list[Turn] = []
    conversation = assistant.conversation(
        StreamSink(None, paced=False),
        ConversationSettings(wake=False, endpointing=True, realtime=True),
        label="bench",
        on_event=lambda event: events.append((perf_counter(), event)),
        on_turn=turns.append,
    )
    used = [0.0, 0.0]
    began = perf_counter()
    for number, frame in enumerate(frames_of(audio, realtime=True, more=lambda: not turns)):
        if number == begin // FRAME_SAMPLES:
            used[0] = process_time()
        if number == end // FRAME_SAMPLES:
            used[1] = process_time()
        conversation.feed(frame)
    conversation.end_of_stream()
    conversation.close()
    core = 100 * (used[1] - used[0]) / ((end - begin) / SAMPLE_RATE) if used[1] else None
    said = tuple(turn for turn in turns if turn.transcript)
    if not said:
        return ClipResult(clip, (), "unknown", core_percent=core)
    first = said[0]
    own = [(at, event) for at, event in events if event.turn == first.id]
    clocks = {
        name: value
        for name in ("decided", "acted", "heard", "compute")
        if (value := getattr(first.clocks_ms, name)) is not None
    }
    outside, stages = _from_outside(own, first, began + end / SAMPLE_RATE)
    return ClipResult(clip, said, _kind(own), clocks, outside, stages, core)


def _kind(events: Sequence[tuple[float, Event]]) -> str:
    """How finished the words were, as the last transcript before the commit says."""
    kind = "unknown"
    for _, event in events:
        if event.kind is EventKind.SPEECH_ENDED:
            break
        if event.kind is EventKind.TRANSCRIPT and "completeness" in event.data:
            kind = str(event.data["completeness"])
    return kind


def _from_outside(
    events: Sequence[tuple[float, Event]], turn: Turn, ended: float
) -> tuple[dict[str, float], dict[str, float]]:
    """The clocks and the stages of a turn whose speech ended at `ended`, a `perf_counter` value."""
    at = {event.kind: (when - ended) * 1e3 for when, event in events}
    names = {"decided": EventKind.DECIDED, "acted": EventKind.ACTED, "heard": EventKind.REPLY_STARTED}
    clocks = {name: at[kind] for name, kind in names.items() if kind in at}
    if not {EventKind.SPEECH_ENDED, EventKind.DECIDED, EventKind.REPLY_STARTED} <= at.keys():
        return clocks, {}
    committed, decided = at[EventKind.SPEECH_ENDED], at[EventKind.DECIDED]
    thought = turn.stages_ms.get("parse", 0.0) + turn.stages_ms.get("act", 0.0)
    recognised = max(0.0, decided - committed - thought)
    spoke = max(0.0, at[EventKind.REPLY_STARTED] - max(decided, committed))
    values = (max(0.0, committed), recognised, max(0.0, decided - committed - recognised), spoke)
    return clocks, dict(zip(STAGES, values, strict=True))


def with_fixed_timer(assistant: Assistant, milliseconds: int = FIXED_MS) -> None:
    """Make the assistant's next conversations wait for so much silence, whatever was said."""
    waits = {each.name: milliseconds for each in fields(EndpointingSettings) if each.name.endswith("_ms")}
    fixed = replace(assistant.settings.endpointing, **waits)
    assistant.settings = replace(assistant.settings, endpointing=fixed)


def run(assistant: Assistant, clips: Sequence[Clip]) -> dict[str, Any]:
    """All clips, each with the assistant's own turn end and then with the fixed timer.

    A clip counts as cut off if it became more than one turn, or if its slots are wrong although the whole
    recording gives the right ones (those of its label; without one, those of the whole recording).
    """
    whole = {clip.name: slots_of(assistant, clip.audio) for clip in clips}
    own_settings = assistant.settings
    ours, fixed = [], []
    for clip in clips:
        ours.append(hear(assistant, clip))
        with_fixed_timer(assistant)
        fixed.append(hear(assistant, clip))
        assistant.settings = own_settings
    return {
        "clips": len(clips),
        "end_of_speech": "energy of 10 ms frames over the whole clip, see services/bench/recordings.py",
        "own": figures(ours, whole),
        "fixed_timer": {"silence_ms": FIXED_MS, **figures(fixed, whole)},
        "bottleneck": bottleneck(ours),
    }


def figures(heard: Sequence[ClipResult], whole: Mapping[str, Mapping[str, str] | None]) -> dict[str, Any]:
    """The figures of one way of ending turns."""
    cut = [one.clip.name for one in heard if is_cut_off(one.clip, one.turns, whole[one.clip.name])]
    groups = {"all": list(heard)}
    for kind in ("complete", "extendable"):
        groups[kind] = [one for one in heard if one.kind == kind]
    cores = [one.core_percent for one in heard if one.core_percent is not None]
    return {
        "kinds": dict(Counter(one.kind for one in heard)),
        "clocks_ms": {name: _clocks([one.clocks_ms for one in group]) for name, group in groups.items()},
        "from_outside_ms": {
            name: _clocks([one.outside_ms for one in group]) for name, group in groups.items()
        },
        "stages_ms": {name: _stages(group) for name, group in groups.items()},
        "heard_from_outside_ms": sorted(
            round(one.outside_ms["heard"], 1) for one in heard if "heard" in one.outside_ms
        ),
        "cut_off": cut,
        "cut_off_percent": round(100 * len(cut) / max(1, len(heard)), 2),
        "core_percent_while_speaking": percentiles(cores),
        "core_percent_while_speaking_mean": round(float(np.mean(cores)), 1) if cores else None,
    }


def is_cut_off(clip: Clip, turns: Sequence[Turn], whole: Mapping[str, str] | None) -> bool:
    """Whether the end of a turn was heard too early in a clip."""
    if len(turns) > 1:
        return True
    wanted = clip.slots if clip.slots is not None else whole
    if whole is None or whole != wanted:
        return False  # the recogniser is to blame
    return not turns or not turns[0].accepted or spoken_slots(turns[0]) != wanted


def bottleneck(heard: Sequence[ClipResult]) -> str:
    """In words, what the wait for the first sound consists of mostly."""
    stages = _stages(heard)
    if not any(stages.values()):
        return "nothing was answered"
    share = {name: 100 * value / max(1e-9, sum(stages.values())) for name, value in stages.items()}
    largest = max(share, key=lambda name: share[name])
    meaning = {
        "wait": "waiting for silence, which no faster machine shortens",
        "recognise": "recognition behind the commit: the processor is too slow to finish it in the pause",
        "parse and act": "understanding and acting",
        "speak": "the first chunk of the voice",
    }[largest]
    return f"{share[largest]:.0f} % of the mean time to the first sound is {meaning}"


def _clocks(values: Sequence[Mapping[str, float]]) -> dict[str, dict[str, float]]:
    names = ("decided", "acted", "heard", "compute")
    return {name: percentiles([one[name] for one in values if name in one]) for name in names}


def _stages(heard: Sequence[ClipResult]) -> dict[str, float]:
    """Mean of each stage; means add up, medians do not."""
    known = [one.stages_ms for one in heard if one.stages_ms]
    return {name: round(float(np.mean([one[name] for one in known])), 1) if known else 0.0 for name in STAGES}
