"""Our lean graphs of Moonshine compared with the published ones, on the same sound."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.audio.format import Floats, Samples
from assistant.models.moonshine_shape import (
    CROSS,
    END_TOKEN,
    HEAD_WIDTH,
    HEADS,
    LAYERS,
    START_TOKEN,
    padded_length,
)
from assistant.models.store import ModelStore
from assistant.serving.onnxruntime_engine import open_session
from assistant.serving.serving import Serving
from assistant.speech import greedy
from assistant.speech.moonshine import Moonshine
from assistant.speech.tokens import Vocabulary

SENTENCES = (
    "turn on the kitchen light",
    "set a timer for ten minutes",
    "what is the temperature in the living room",
    "please close the curtains in the bedroom",
)
MAX_TOKENS = 30


class Published:
    """The published graphs, run the way their authors do."""

    def __init__(self, store: ModelStore) -> None:
        self._encoder = open_session(store.path("moonshine-tiny-en", "encoder_model.ort"))
        self._decoder = open_session(store.path("moonshine-tiny-en", "decoder_model_merged.ort"))

    def hidden(self, audio: Floats) -> NDArray[np.float32]:
        mask = np.ones((1, len(audio)), np.int64)
        inputs = {"input_values": audio[None], "attention_mask": mask}
        hidden: NDArray[np.float32] = self._encoder.run(None, inputs)[0]
        return hidden

    def tokens(self, hidden: NDArray[np.float32]) -> list[int]:
        empty = np.zeros((1, HEADS, 0, HEAD_WIDTH), np.float32)
        names = [
            f"{layer}.{place}.{kind}"
            for layer in range(LAYERS)
            for place in ("decoder", "encoder")
            for kind in ("key", "value")
        ]
        past: dict[str, Any] = {f"past_key_values.{name}": empty for name in names}
        found: list[int] = []
        token = START_TOKEN
        while len(found) < MAX_TOKENS:
            inputs = {
                "input_ids": np.array([[token]], np.int64),
                "encoder_hidden_states": hidden,
                "encoder_attention_mask": np.ones((1, hidden.shape[1]), np.int64),
                "use_cache_branch": np.array([bool(found)]),
                **past,
            }
            outputs = self._decoder.run(["logits", *(f"present.{name}" for name in names)], inputs)
            for name, value in zip(names, outputs[1:], strict=True):
                if "decoder" in name or not found:
                    past[f"past_key_values.{name}"] = value
            token = int(outputs[0][0, -1].argmax())
            if token == END_TOKEN:
                break
            found.append(token)
        return found


@pytest.fixture(scope="module")
def published(store: ModelStore) -> Published:
    return Published(store)


@pytest.fixture(scope="module")
def lean(serving: Serving) -> Moonshine:
    return Moonshine(serving)


@pytest.fixture(params=SENTENCES)
def audio(request: pytest.FixtureRequest, say: Callable[..., Samples]) -> Floats:
    """A spoken sentence, padded to a length at which both encoders see the same samples."""
    spoken = say(request.param).astype(np.float32) / 32768.0
    padded = np.zeros(padded_length(len(spoken)), np.float32)
    padded[: len(spoken)] = spoken
    return padded


def test_hidden_states_agree(store: ModelStore, published: Published, audio: Floats) -> None:
    encoder = open_session(store.prepared("moonshine-tiny-en-encoder"))
    ours = encoder.run(["hidden"], {"audio": audio[None]})[0].ravel()
    theirs = published.hidden(audio).ravel()
    assert ours.shape == theirs.shape
    cosine = ours @ theirs / (np.linalg.norm(ours) * np.linalg.norm(theirs))
    assert cosine > 0.999


def test_texts_are_identical(
    published: Published, lean: Moonshine, vocabulary: Vocabulary, audio: Floats
) -> None:
    free, _ = greedy.decode(lean, lean.encode(audio), MAX_TOKENS)
    theirs = published.tokens(published.hidden(audio))
    assert vocabulary.text(free.tokens) == vocabulary.text(theirs)


def test_a_row_does_not_depend_on_where_it_stands(lean: Moonshine, say: Callable[..., Samples]) -> None:
    """The same prefix in three rows gives the same probabilities in each."""
    memory = lean.encode(say(SENTENCES[0]).astype(np.float32) / 32768.0)
    first = lean.step(memory, np.array([START_TOKEN]), 0, None, parents=np.array([0]), picks=np.array([0]))
    second = lean.step(
        memory,
        np.repeat(first.best, 3),
        1,
        first.past,
        parents=np.zeros(3, np.int64),
        picks=np.arange(3),
    )
    assert len(set(second.best.tolist())) == 1
    assert np.ptp(second.best_logp) < 1e-4


def test_encoder_gives_memory_for_every_layer(lean: Moonshine) -> None:
    memory = lean.encode(np.zeros(16_000, np.float32))
    assert set(memory.cross) == set(CROSS)
    assert memory.cross[CROSS[0]].shape() == [1, HEADS, memory.frames, HEAD_WIDTH]
