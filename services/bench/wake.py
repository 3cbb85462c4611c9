"""Wake words: how many are missed, and what else wakes the box."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from assistant.assistant import Assistant
from assistant.audio.format import SAMPLE_RATE, Samples, whole_frames
from services.bench.resources import quiet

#: The wake word that the recorded phrases hold; all others must not wake.
WORD = "alexa"


def wake_words(
    assistant: Assistant, phrases: Mapping[str, Samples], others: Mapping[str, Samples]
) -> dict[str, Any]:
    """How often `WORD` is heard where it was said, and any wake word where none was.

    Args:
        assistant: with its own thresholds.
        phrases: recordings named "phrase/file".
        others: recordings that hold no wake word.
    """
    said = {name: audio for name, audio in phrases.items() if name.startswith(f"{WORD}/")}
    rest = {name: audio for name, audio in phrases.items() if name not in said} | dict(others)
    missed = [name for name, audio in said.items() if WORD not in woken_by(assistant, audio)]
    false = {name: words for name, audio in rest.items() if (words := woken_by(assistant, audio))}
    return {
        "word": WORD,
        "said": len(said),
        "missed_percent": round(100 * len(missed) / max(1, len(said)), 2),
        "missed": missed,
        "others": len(rest),
        "others_seconds": round(sum(len(audio) for audio in rest.values()) / SAMPLE_RATE),
        "false": false,
        "false_of_word": sum(WORD in words for words in false.values()),
    }


def woken_by(assistant: Assistant, audio: Samples) -> list[str]:
    """Wake words that are heard in a recording, with a second of a quiet room on both sides."""
    ears = assistant.ears(wake=True)
    heard = np.concatenate([quiet(1.0), audio, quiet(1.0)])
    frames = whole_frames(heard)
    words = (ears.feed(frame, want_wake=True).wake_word for frame in frames)
    return [word for word in words if word]
