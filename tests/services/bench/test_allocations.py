"""The audio path allocates nothing once it is warm: no growth, and no memory for the data of arrays."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from assistant.audio.format import FRAME_SAMPLES, Samples
from assistant.hearing.activity import ActivitySettings, VoiceActivity
from assistant.hearing.ears import Ears, HearingFrame
from assistant.hearing.hearing import Hearing
from assistant.hearing.vad_gate import VadGate
from assistant.models.store import ModelStore
from assistant.serving.serving import Serving
from common.paths import models_dir
from services.bench.allocations import AudioPath, allocations
from services.bench.array_memory import counted_arrays
from services.bench.resources import quiet

#: What the ears keep, seconds: less than the warm-up.
KEPT_S = 3.0


@pytest.fixture(scope="module")
def hearing() -> Hearing:
    words = dict.fromkeys(("okay_nabu", "hey_jarvis", "hey_mycroft", "alexa"), 0.0)
    return Hearing(Serving(ModelStore(models_dir())), ActivitySettings(), words, KEPT_S)


class Silent:
    """A network that finds no speech."""

    pending = 0

    def process(self, frame: Samples) -> float | None:
        return None

    def reset(self) -> None:
        pass


def spoken(say: Callable[..., Samples]) -> Samples:
    return np.concatenate([quiet(0.5), say("turn on the kitchen light", tail=0), quiet(1.0)])


def test_a_silent_room_allocates_nothing(hearing: Hearing) -> None:
    found = allocations(AudioPath(hearing.ears(wake=True), quiet(2.0)))
    assert found.kept_bytes == 0
    assert found.arrays == {}
    assert found.most_bytes < 16_384, "more than the small objects of a frame"


@pytest.mark.parametrize("wake", [False, True])
def test_speech_allocates_nothing_of_ours(hearing: Hearing, say: Callable[..., Samples], wake: bool) -> None:
    found = allocations(AudioPath(hearing.ears(wake=wake), spoken(say)))
    assert found.kept_bytes == 0
    assert found.own_arrays == {}


def test_a_microphone_with_an_offset_allocates_nothing(hearing: Hearing) -> None:
    found = allocations(AudioPath(hearing.ears(wake=True), (quiet(2.0) + 700).astype(np.int16)))
    assert (found.kept_bytes, found.arrays) == (0, {})


def test_what_is_freed_at_once_is_counted_too() -> None:
    block = np.zeros(100, np.float32)
    with counted_arrays() as counted:
        _ = block + block
    assert list(counted.values()) == [400]
    assert next(iter(counted)).startswith(f"{__file__}:")


def test_what_a_run_leaves_behind_is_found() -> None:
    kept: list[Samples] = []

    class Hoarder(Ears):
        def feed(self, frame: Samples, *, want_wake: bool) -> HearingFrame:
            kept.append(np.pad(frame, 1))
            return super().feed(frame, want_wake=want_wake)

    activity = VoiceActivity(VadGate(), Silent())
    found = allocations(AudioPath(Hoarder(activity, None, KEPT_S), quiet(0.5)), runs=2)
    assert found.kept_bytes > 50 * FRAME_SAMPLES * 2
    assert sum(found.arrays.values()) >= 50 * FRAME_SAMPLES * 2
