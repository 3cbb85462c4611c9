from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assistant.audio.format import Samples
from assistant.hearing.silero import WINDOW_SAMPLES, Silero
from assistant.models.store import ModelStore
from assistant.serving.serving import Serving
from common.errors import ModelError
from tests.assistant.hearing.sounds import frames, hiss


def probabilities(silero: Silero, samples: Samples) -> list[float]:
    answers = (silero.process(frame) for frame in frames(samples))
    return [answer for answer in answers if answer is not None]


def test_speech_is_speech(silero: Silero, say: Callable[..., Samples]) -> None:
    assert max(probabilities(silero, say("turn on the kitchen light"))) > 0.8


def test_noise_is_not(silero: Silero) -> None:
    assert max(probabilities(silero, hiss(3, rms=300))) < 0.3


def test_every_window_is_processed_once(silero: Silero) -> None:
    seconds = hiss(2)
    assert len(probabilities(silero, seconds)) == len(seconds) // WINDOW_SAMPLES
    assert silero.pending == len(seconds) % WINDOW_SAMPLES


def test_a_reset_stream_gives_the_same_as_a_new_one(silero: Silero, say: Callable[..., Samples]) -> None:
    spoken = say("good morning")
    first = probabilities(silero, spoken)
    silero.reset()
    assert np.allclose(probabilities(silero, spoken), first)


def test_frames_are_joined_as_one_piece(
    silero: Silero, silero_path: Path, say: Callable[..., Samples]
) -> None:
    """Windows of 512 samples do not align with frames of 160; the reference cuts the clip into windows."""
    import onnxruntime

    spoken = say("set a timer").astype(np.float32) / 32_768
    session = onnxruntime.InferenceSession(str(silero_path), providers=["CPUExecutionProvider"])
    state, context, wanted = np.zeros((2, 1, 128), np.float32), np.zeros(64, np.float32), []
    for at in range(0, len(spoken) // 160 * 160 - 511, 512):
        window = np.concatenate([context, spoken[at : at + 512]])[None]
        answer, state = session.run(None, {"input": window, "state": state, "sr": np.array(16_000, np.int64)})
        context = window[0, -64:]
        wanted.append(float(answer[0, 0]))
    assert np.allclose(probabilities(silero, say("set a timer")), wanted, atol=1e-5)


def test_a_missing_model_is_a_named_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"silero_vad_16k_op15\.onnx is missing"):
        Silero(Serving(ModelStore(tmp_path)).model("silero-vad"))


def test_another_network_is_refused(models: Path) -> None:
    with pytest.raises(ModelError, match="is not a Silero network"):
        Silero(Serving(ModelStore(models)).model("piper-joe-en-us-vocoder"))


def test_streams_share_the_network_but_not_the_voice(silero: Silero, say: Callable[..., Samples]) -> None:
    spoken = say("good morning")
    alone = probabilities(silero.another_stream(), spoken)
    one, two = silero.another_stream(), silero.another_stream()
    together: list[float] = []
    for frame in frames(spoken):
        two.process(np.zeros_like(frame))
        answer = one.process(frame)
        if answer is not None:
            together.append(answer)
    assert np.allclose(together, alone)
