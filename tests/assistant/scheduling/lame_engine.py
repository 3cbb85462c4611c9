"""Real engines that are slow or wrong on purpose, by the options of their entry: "sleep_ms", "factor"."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from assistant.serving.engine import Engine, Session, Spans, Tensor
from assistant.serving.entries import EngineEntry


class LameSession:
    def __init__(self, session: Session, sleep_s: float, factor: float) -> None:
        self.inputs = session.inputs
        self.tensor = session.tensor
        self._session = session
        self._sleep_s = sleep_s
        self._factor = factor

    def run(self, outputs: Sequence[str] | None, feed: Mapping[str, Any]) -> list[NDArray[Any]]:
        time.sleep(self._sleep_s)
        found = self._session.run(outputs, feed)
        return [each * self._factor if each.dtype.kind == "f" else each for each in found]

    def run_tensors(self, outputs: Sequence[str], feed: Mapping[str, Tensor]) -> list[Tensor]:
        time.sleep(self._sleep_s)
        return self._session.run_tensors(outputs, feed)


class LameEngine:
    def __init__(self, engine: Engine, sleep_s: float, factor: float) -> None:
        self._engine = engine
        self._lameness = sleep_s, factor

    def open(
        self, path: Path, threads: int = 1, *, arena: bool = False, spans: Spans | None = None
    ) -> LameSession:
        session = self._engine.open(path, threads, arena=arena, spans=spans)
        return LameSession(session, *self._lameness)


def make_engine(entry: EngineEntry, folder: Path | None) -> LameEngine:
    options = entry.settings(folder)
    kind = options.pop("engine")
    sleep_s, factor = float(options.pop("sleep_ms", "0")) / 1e3, float(options.pop("factor", "1"))
    rest = tuple(f"{name}={value}" for name, value in options.items())
    module = import_module(f"assistant.serving.{kind}_engine")
    return LameEngine(module.make_engine(replace(entry, options=rest), folder), sleep_s, factor)
