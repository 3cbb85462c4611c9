"""Echo: does the box hear itself, what is left of its voice, and what taking it away costs.

The box speaks for half an hour of the room's time in a computed room, in its own voice; and no person says a
word, so each wake, stop or sentence is a mistake. The control is the same box without the canceller. Then
people say its wake word while it speaks.
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
import psutil

from assistant.assistant import Assistant
from assistant.audio.echo import EchoCanceller
from assistant.audio.format import FRAME_SAMPLES, SAMPLE_RATE, Samples
from assistant.audio.playback import PlaybackReference
from assistant.events import EventKind
from assistant.models.catalogue import WAKE_WORDS
from assistant.settings import Settings
from services.bench.echo_room import Acoustics, frames
from services.bench.figures import machine, percentiles
from services.bench.recordings import clips_of, speech_folder
from services.bench.room_box import LOUD, RoomBox, mean_dbfs
from services.bench.talk_over import talk_over
from services.bench.wake import WORD
from services.client.scratch import scratch_assistant

#: What the box says itself when it is asked these; {n} runs, so that hardly an answer comes twice.
_QUERIES = (
    "what time is it",
    "set a timer for {n} minutes",
    "how much time is left on the timer",
    "cancel the timer",
    "set an alarm for {h} {m} in the morning",
    "cancel all alarms",
    "turn on the kitchen light",
    "set the kitchen light to {n} percent",
    "turn off all the lights in the living room",
    "what is the temperature in the bedroom",
    "is the front door locked",
    "lock the front door",
    "open the garage door",
    "what day is it",
    "set the volume to {n} percent",
    "what is {n} times {h}",
    "stop",
)
_OWN_WAKE_WORDS = (*(f"{word.phrase.title()}." for word in WAKE_WORDS.values()), "Stop.")
_MISTAKES = (EventKind.WAKE, EventKind.INTERRUPTED, EventKind.TRANSCRIPT, EventKind.SPEECH_STARTED)
_SETTLED_S = 3.0
#: People who talk over the box, each once, so much louder than its echo.
_TALKERS = 28
_LOUDER_DB = (10.0, 0.0, -10.0)


def replies(assistant: Assistant) -> Iterator[str]:
    """What the assistant answers, without end."""
    for number in itertools.count(1):
        for query in _QUERIES:
            asked = query.format(n=7 * number % 59 + 1, h=number % 11 + 1, m=(13 * number) % 50 + 10)
            if reply := assistant.ask(asked).reply:
                yield reply


def own_voice(assistant: Assistant, minutes: float, *, cancelling: bool) -> dict[str, Any]:
    """The box speaks for so long."""
    box = RoomBox(assistant, cancelling=cancelling)
    said = 0
    for text in replies(assistant):
        if box.seconds >= 60 * minutes:
            break
        box.reply(text)
        said += 1
    box.close()
    attenuation = attenuation_db(box)
    return {
        "seconds": round(box.seconds),
        "replies": said,
        "mistakes": mistakes(box),
        "attenuation_db": percentiles(attenuation),
        "least_attenuation_db": round(min(attenuation, default=0.0), 1),
    }


def own_wake_words(assistant: Assistant, times: int, *, cancelling: bool) -> dict[str, int]:
    """The box says its own wake words, and "stop"."""
    box = RoomBox(assistant, cancelling=cancelling)
    box.reply("The kitchen light is on, and the front door is locked.")
    for text in _OWN_WAKE_WORDS * times:
        box.reply(text)
    box.close()
    return {"said": len(_OWN_WAKE_WORDS) * times, **mistakes(box)}


def mistakes(box: RoomBox) -> dict[str, int]:
    """What the box took for speech of a person although no person spoke."""
    return dict(Counter(event.kind.value for event in box.events if event.kind in _MISTAKES))


def attenuation_db(box: RoomBox) -> list[float]:
    """How much lower the echo is, for each second that had some, from the fourth on."""
    seconds = range(int(_SETTLED_S) * 100, len(box.echo_dbfs) - 99, 100)
    pairs = [
        (mean_dbfs(box.echo_dbfs[at : at + 100]), mean_dbfs(box.heard_dbfs[at : at + 100])) for at in seconds
    ]
    return [echo - heard for echo, heard in pairs if echo > -45]


def cost(voice: Samples) -> dict[str, float]:
    """Processor time of one canceller with that voice (16 kHz), and with silence; its memory."""
    process = psutil.Process()
    before = process.memory_info().rss
    several = [_run(voice[: 5 * SAMPLE_RATE]) for _ in range(10)]
    memory = (process.memory_info().rss - before) / len(several)
    return {
        "core_percent_playing": round(_core_percent(lambda at: voice[at : at + FRAME_SAMPLES]), 2),
        "core_percent_silent": round(_core_percent(lambda _at: None), 2),
        "rss_mb": round(memory / 1e6, 2),
    }


def _run(voice: Samples) -> EchoCanceller:
    reference = PlaybackReference()
    canceller = EchoCanceller(reference)
    for number, frame in enumerate(frames(voice)):
        reference.played(frame, SAMPLE_RATE, number / 100)
        canceller.process(frame, (number + 1) / 100)
    return canceller


def _core_percent(played: Callable[[int], Samples | None], seconds: int = 30) -> float:
    reference = PlaybackReference()
    canceller = EchoCanceller(reference)
    noise = np.random.default_rng(1).normal(0, 300, seconds * SAMPLE_RATE).astype(np.int16)
    before = process_time()
    for number, frame in enumerate(frames(noise)):
        block = played(number * FRAME_SAMPLES)
        if block is not None:
            reference.played(block, SAMPLE_RATE, number / 100)
        canceller.process(frame, (number + 1) / 100)
    return 100 * (process_time() - before) / seconds


def talked_over(assistant: Assistant) -> list[dict[str, Any]] | None:
    """Real wake words said over replies, louder than the echo, as loud, softer; None without recordings."""
    folder = speech_folder() / "wake" / WORD
    if not folder.is_dir():
        return None
    phrases = [clip.audio for clip in clips_of(folder, _TALKERS, skip_damaged=True)]
    ways = [(room, level, True) for room in (Acoustics(), LOUD) for level in _LOUDER_DB]
    ways.append((Acoustics(), _LOUDER_DB[0], False))
    return [talk_over(assistant, phrases, level, room, cancelling=on) for room, level, on in ways]


def measure(minutes: float) -> dict[str, Any]:
    """All of it, in one run; the control speaks for a tenth of the time."""
    with scratch_assistant(Settings()) as assistant:
        spoken = [chunk for _, text in zip(range(12), replies(assistant), strict=False)
                  for chunk in assistant.synthesise(text)]  # fmt: skip
        voice = np.resize(np.concatenate(spoken), 30 * SAMPLE_RATE)
        started = perf_counter()
        results = {
            "machine": machine(),
            "cost": cost(voice),
            "own_voice": own_voice(assistant, minutes, cancelling=True),
            "own_voice_control": own_voice(assistant, minutes / 10, cancelling=False),
            "own_wake_words": own_wake_words(assistant, 6, cancelling=True),
            "own_wake_words_control": own_wake_words(assistant, 6, cancelling=False),
            "talk_over": talked_over(assistant),
        }
        return {**results, "took_s": round(perf_counter() - started)}


def main() -> int:
    """Measure, print, and leave `echo.json` in the output folder."""
    parser = argparse.ArgumentParser(prog="sotto-bench-echo", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0, help="of the room's time")
    parser.add_argument("--out", type=Path, default=Path("build/bench"))
    options = parser.parse_args()
    results = measure(options.minutes)
    text = json.dumps(results, indent=1) + "\n"
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "echo.json").write_text(text)
    print(text, end="")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
