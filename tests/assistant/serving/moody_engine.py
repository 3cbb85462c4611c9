"""OpenVINO, which misbehaves when it is told to. What it is told holds for all of its sessions."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.serving.engine import Session, Spans, Tensor
from assistant.serving.entries import EngineEntry
from assistant.serving.openvino_engine import OpenVino

TABLE = """
[[engine]]
id = "onnxruntime"
name = "ONNX Runtime"
module = "assistant.serving.onnxruntime_engine"
packages = ["onnxruntime"]
provider = "CPUExecutionProvider"
packed = true

[[engine]]
id = "openvino"
name = "Moody OpenVINO"
module = "tests.assistant.serving.moody_engine"
packages = ["openvino"]

[[engine]]
id = "openvino-gpu"
name = "Another one"
module = "tests.assistant.serving.moody_engine"
packages = ["openvino"]
"""


@dataclass
class Mood:
    """How it behaves.

    Attributes:
        how: "right", "fails", "vanishes" (as a device that is pulled out), "nan", "wrong" or "hangs".
        after: calls that are right before that.
        calls: made so far.
        hanging: set when a call hangs.
        free: set to end the calls that hang.
    """

    how: str = "right"
    after: int = 0
    calls: int = 0
    hanging: threading.Event = field(default_factory=threading.Event)
    free: threading.Event = field(default_factory=threading.Event)

    def met(self) -> str:
        """How the next call is to behave."""
        self.calls += 1
        return self.how if self.calls > self.after else "right"

    def becomes(self, how: str, after: int = 0) -> None:
        self.how, self.after, self.calls = how, after, 0


MOOD = Mood()


class MoodySession:
    def __init__(self, session: Session) -> None:
        self.inputs = session.inputs
        self.tensor = session.tensor
        self._session = session

    def run(self, outputs: Sequence[str] | None, feed: Mapping[str, Any]) -> list[NDArray[Any]]:
        how = _behave()
        return [_spoiled(each, how) for each in self._session.run(outputs, feed)]

    def run_tensors(self, outputs: Sequence[str], feed: Mapping[str, Tensor]) -> list[Tensor]:
        how = _behave()
        found = self._session.run_tensors(outputs, feed)
        return [self.tensor(_spoiled(each.numpy(), how)) for each in found]


def _behave() -> str:
    how = MOOD.met()
    if how == "fails":
        raise RuntimeError("CL_OUT_OF_RESOURCES")
    if how == "vanishes":
        raise OSError(19, "No such device")
    if how == "hangs":
        MOOD.hanging.set()
        MOOD.free.wait()
    return how


def _spoiled(array: NDArray[Any], how: str) -> NDArray[Any]:
    if how == "nan" and array.dtype.kind == "f":
        return np.full_like(array, np.nan)
    return array[..., ::-1] if how == "wrong" else array


class MoodyEngine:
    def __init__(self) -> None:
        self._engine = OpenVino(EngineEntry(id="openvino", name="OpenVINO", options=("DEVICE=CPU",)))

    def open(
        self, path: Path, threads: int = 1, *, arena: bool = False, spans: Spans | None = None
    ) -> MoodySession:
        if MOOD.how == "cannot open":
            raise MemoryError("cannot allocate 4096 MB")
        return MoodySession(self._engine.open(path, threads, arena=arena, spans=spans))


def make_engine(_entry: EngineEntry, _folder: Path | None) -> MoodyEngine:
    return MoodyEngine()
