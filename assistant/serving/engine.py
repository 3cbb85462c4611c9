"""Engines: what runs the models.

To add one, write a module like `onnxruntime_engine` and add a line to `ENGINES`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from numpy.typing import NDArray

from common.errors import InvalidInput

#: Name of the engine -> the module whose function `make_engine` makes it; imported when it is used.
ENGINES = {
    "onnxruntime": "assistant.serving.onnxruntime_engine",
}
DEFAULT_ENGINE = "onnxruntime"


class Tensor(Protocol):
    """A tensor that the engine holds, perhaps on another device."""

    def numpy(self) -> NDArray[Any]:
        """Its values."""

    def shape(self) -> list[int]:
        """Its shape."""


class Session(Protocol):
    """One opened model; may be run by several threads."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of its inputs."""

    def run(self, outputs: Sequence[str] | None, feed: Mapping[str, Any]) -> list[NDArray[Any]]:
        """Run it on arrays; `outputs` names what is wanted, None for all."""

    def run_tensors(self, outputs: Sequence[str], feed: Mapping[str, Tensor]) -> list[Tensor]:
        """Run it on tensors of the engine, which stay there."""


class Engine(Protocol):
    """Opens models and makes tensors."""

    def open(self, path: Path, threads: int = 1, *, arena: bool = False) -> Session:
        """Open a model file.

        Args:
            path: an `.onnx` or `.ort` file; external weights beside it belong to it.
            threads: threads inside one operator.
            arena: whether buffers are kept between runs.

        Raises:
            ModelError: the file is missing or damaged.
        """

    def tensor(self, array: NDArray[Any]) -> Tensor:
        """A tensor with the values of `array`."""


def unknown_engine(name: str) -> InvalidInput:
    """The error for a name that `ENGINES` does not have."""
    return InvalidInput(
        f"there is no engine {name!r}",
        hint=f"set `engine` to one of: {', '.join(ENGINES)}",
        code="engine.unknown",
    )


@cache
def engine(name: str = DEFAULT_ENGINE) -> Engine:
    """The engine of that name; one for the whole process.

    Raises:
        InvalidInput: `engine.unknown`, the table has no such engine.
    """
    if name not in ENGINES:
        raise unknown_engine(name)
    made: Engine = import_module(ENGINES[name]).make_engine()
    return made
