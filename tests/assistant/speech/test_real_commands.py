"""Recognition of real people with a real grammar: spoken orders of the development set."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from assistant.audio.format import FRAME_SAMPLES, Samples, whole_frames
from assistant.speech.recogniser import Recogniser
from assistant.understanding.grammar import Grammar
from assistant.understanding.names import HomeNames
from assistant.understanding.sentences import build_grammar

EVERY = 8
LEAST_RIGHT = 0.9


@pytest.fixture(scope="module")
def grammar(speech_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Grammar:
    folder = tmp_path_factory.mktemp("sentences")
    shutil.copy(speech_dir / "commands" / "coffee.yaml", folder)
    return build_grammar("en", False, [folder], HomeNames(), None)


def trimmed(audio: Samples) -> Samples:
    """The recording from 0.3 s before its first loud frame to 0.3 s after its last one."""
    frames = whole_frames(audio)
    level = np.sqrt(np.mean(frames.astype(np.float64) ** 2, axis=1))
    loud = np.flatnonzero(level > 0.1 * np.percentile(level, 99)) * FRAME_SAMPLES
    return audio[max(0, loud[0] - 4800) : loud[-1] + 4800]


def test_orders_are_understood(speech_dir: Path, recogniser: Recogniser, grammar: Grammar) -> None:
    labels = json.loads((speech_dir / "commands" / "labels.json").read_text())
    names = sorted(labels)[::EVERY]
    right = 0
    for name in names:
        audio = soundfile.read(speech_dir / "commands" / name, dtype="int16")[0]
        parse = grammar.parse(recogniser.transcribe(trimmed(audio), grammar).text)
        wanted = {slot: value.strip() for slot, value in labels[name]["slots"].items()}
        right += parse is not None and dict(parse.slots) == wanted
    assert right >= LEAST_RIGHT * len(names)
