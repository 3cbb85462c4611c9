from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from assistant.audio.format import Samples
from assistant.hearing.vad_gate import VadGate, VadGateSettings
from common.errors import InvalidInput
from tests.assistant.hearing.sounds import frames, hiss, in_room


def opened(samples: Samples, gate: VadGate | None = None) -> list[bool]:
    gate = gate or VadGate()
    return [gate.process(frame) for frame in frames(samples)]


def test_digital_silence_never_opens_it() -> None:
    assert not any(opened(np.zeros(16_000 * 5, np.int16)))


def test_a_silent_room_never_opens_it() -> None:
    assert not any(opened(hiss(10)))


def test_steady_noise_opens_it_at_most_for_a_moment() -> None:
    states = opened(hiss(10, rms=300))
    assert sum(states) < len(states) // 5


def test_speech_opens_it_and_the_silence_after_closes_it(say: Callable[..., Samples]) -> None:
    spoken = in_room(say("turn on the kitchen light", lead=0, tail=0), 1.0, 2.0)
    states = opened(spoken)
    assert any(states)
    assert not states[50] and not states[-1]


def test_it_stays_open_for_the_hangover(say: Callable[..., Samples]) -> None:
    spoken = in_room(say("stop", lead=0, tail=0), 0.5, 3.0)
    short, long = (sum(opened(spoken, VadGate(VadGateSettings(hangover_ms=ms)))) for ms in (200, 700))
    assert long >= short + 45


def test_speech_below_the_level_floor_never_opens_it(say: Callable[..., Samples]) -> None:
    spoken = say("turn on the kitchen light")
    assert not any(opened(spoken, VadGate(VadGateSettings(floor_dbfs=0))))


def test_a_reset_gate_behaves_as_a_new_one(say: Callable[..., Samples]) -> None:
    gate = VadGate()
    spoken = in_room(say("what time is it"), 0.5, 0.2)
    first = opened(spoken, gate)
    gate.reset()
    assert opened(spoken, gate) == first


@pytest.mark.parametrize("frame", [np.zeros(159, np.int16), np.zeros(160, np.float32)])
def test_a_frame_of_another_shape_is_refused(frame: Samples) -> None:
    with pytest.raises(InvalidInput) as caught:
        VadGate().process(frame)
    assert caught.value.code == "hearing.frame"


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(InvalidInput):
        VadGate(VadGateSettings(mode=4))
