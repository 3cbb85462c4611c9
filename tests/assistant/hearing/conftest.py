"""Real models for the tests of hearing, from the store that `make setup` fills."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.hearing.silero import Silero
from assistant.hearing.wake import WakeWords
from assistant.models.store import ModelStore
from assistant.serving.serving import Serving
from common.errors import SottoError
from common.paths import models_dir

WAKE_WORDS = ("okay_nabu", "hey_jarvis", "hey_mycroft", "alexa")


@pytest.fixture(scope="session")
def store() -> ModelStore:
    return ModelStore(models_dir())


@pytest.fixture(scope="session")
def silero_path(store: ModelStore) -> Path:
    try:
        return store.path("silero-vad", "silero_vad_16k_op15.onnx")
    except SottoError as error:
        pytest.skip(f"models are not set up: {error}")


@pytest.fixture(scope="session")
def wake_paths(store: ModelStore) -> dict[str, Path]:
    try:
        for name in WAKE_WORDS:
            store.path(f"wake-{name.replace('_', '-')}", f"{name}.tflite")
        return {name: store.path(f"wake-{name.replace('_', '-')}", f"{name}.json") for name in WAKE_WORDS}
    except SottoError as error:
        pytest.skip(f"models are not set up: {error}")


@pytest.fixture
def silero(silero_path: Path, store: ModelStore) -> Silero:
    return Silero(Serving(store).model("silero-vad"))


@pytest.fixture
def wake_words(wake_paths: dict[str, Path]) -> Iterator[WakeWords]:
    words = WakeWords(wake_paths)
    yield words
    words.close()
