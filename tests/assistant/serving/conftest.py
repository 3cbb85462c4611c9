"""Servings with OpenVINO beside ONNX Runtime, the real one or one that misbehaves when it is told to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from assistant.hardware.ladder import Outcome, Trial
from assistant.models.store import ModelStore
from assistant.serving.choices import Choices
from assistant.serving.registry import Registry
from assistant.serving.serving import Serving
from tests.assistant.serving.moody_engine import MOOD, TABLE, Mood

RIGHT = Trial(Outcome.RIGHT, "right")


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now_s: float = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture(scope="session")
def store(models: Path) -> ModelStore:
    return ModelStore(models)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def mood() -> Iterator[Mood]:
    MOOD.becomes("right")
    MOOD.hanging.clear()
    MOOD.free.clear()
    yield MOOD
    MOOD.becomes("right")
    MOOD.free.set()


@pytest.fixture
def serving(store: ModelStore) -> Serving:
    """With the real engines; proofs apart are taken for granted, those in the process are made."""
    return Serving(store, registry=Registry(trial=lambda *_: RIGHT), prove=lambda *_: RIGHT)


@dataclass
class Proofs:
    """Proofs apart from the process: what they say, and how many were made."""

    says: Trial = RIGHT
    made: int = 0

    def __call__(self, *_: object) -> Trial:
        self.made += 1
        return self.says


@pytest.fixture
def proofs() -> Proofs:
    return Proofs()


@pytest.fixture
def moody(
    store: ModelStore, tmp_path: Path, mood: Mood, clock: Clock, proofs: Proofs
) -> Callable[..., Serving]:
    """`moody(engine="auto", chosen={})`: a serving whose engine "openvino" misbehaves when it is told to."""
    table = tmp_path / "engines.toml"
    table.write_text(TABLE)

    def make(engine: str = "auto", chosen: dict[str, str] | None = None) -> Serving:
        return Serving(
            store,
            Choices(engine, chosen or {}, tmp_path / "state"),
            Registry(table, trial=lambda *_: RIGHT),
            prove=proofs,
            clock=clock,
        )

    return make
