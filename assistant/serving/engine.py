"""What an engine, its sessions and its tensors can do; `registry` has the table of engines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from numpy.typing import NDArray

from common.errors import ModelError, SottoError, Unavailable

#: Runs every model unless another engine is chosen, and answers when another one fails.
DEFAULT_ENGINE = "onnxruntime"
#: In settings: the engine that `Chooser` chooses.
AUTO = "auto"
_MOST_TEXT = 200


@dataclass(frozen=True)
class Span:
    """The shapes that an input may have; engines that plan memory or kernels ahead need them.

    Attributes:
        least: the smallest, by dimension.
        usual: the one to be fast for.
        most: the largest.
    """

    least: tuple[int, ...]
    usual: tuple[int, ...]
    most: tuple[int, ...]


#: Input of a model -> its shapes.
Spans = Mapping[str, Span]


class Tensor(Protocol):
    """A tensor that an engine holds, perhaps on another device."""

    def numpy(self) -> NDArray[Any]:
        """Its values."""

    def shape(self) -> list[int]:
        """Its shape."""


class HostTensor:
    """A tensor in the memory of the process; see `engine.Tensor`."""

    __slots__ = ("_array",)

    def __init__(self, array: NDArray[Any]) -> None:
        self._array = array

    def numpy(self) -> NDArray[Any]:
        """Its values."""
        return self._array

    def shape(self) -> list[int]:
        """Its shape."""
        return list(self._array.shape)


class Session(Protocol):
    """One opened model; may be run by several threads. It is closed when nothing refers to it any more."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of its inputs."""

    def run(self, outputs: Sequence[str] | None, feed: Mapping[str, Any]) -> list[NDArray[Any]]:
        """Run it on arrays; `outputs` names what is wanted, None for all.

        Raises:
            InferenceFailed: the engine refused the input, or failed.
        """

    def tensor(self, array: NDArray[Any]) -> Tensor:
        """A tensor of the engine with the values of `array`, for `run_tensors`."""

    def run_tensors(self, outputs: Sequence[str], feed: Mapping[str, Tensor]) -> list[Tensor]:
        """Run it on tensors, and leave the results where the engine computed them.

        Tensors of another engine are copied.

        Raises:
            InferenceFailed: the engine refused the input, or failed.
            EngineLeft: the engine was left; begin the series of calls again.
        """


class Engine(Protocol):
    """Opens models."""

    def open(
        self, path: Path, threads: int = 1, *, arena: bool = False, spans: Spans | None = None
    ) -> Session:
        """Open a model file.

        Args:
            path: an `.onnx` or `.ort` file; external weights beside it belong to it.
            threads: threads inside one operator, on the processor.
            arena: whether buffers are kept between runs, where the engine can choose.
            spans: shapes of inputs, where the file does not say all of them.

        Raises:
            ModelError: the file is missing or damaged, or the engine cannot run it.
        """


class InferenceFailed(SottoError):
    """An engine did not compute a result."""

    default_code = "engine.failed"


class EngineLeft(Unavailable):
    """The engine of a series of calls was left; begun again, the series runs on another one."""

    default_code = "engine.left"


def unreadable(path: Path, error: BaseException) -> ModelError:
    """The error for a model that an engine cannot open."""
    return ModelError(
        f"the model {path} cannot be loaded: {first_line(error)}",
        hint="Run `make setup` to fetch and prepare the models again.",
        code="model.unreadable",
    )


def unavailable(why: str) -> Unavailable:
    """The error for an engine that cannot be used here."""
    return Unavailable(
        why, hint="`sotto models engine` shows what can be used here", code="engine.unavailable"
    )


def cannot_open(engine: str, path: Path, why: str) -> ModelError:
    """The error for a model that is in order, as far as is known, and that this engine cannot open."""
    return ModelError(
        f"{engine} cannot open {path.name}: {why}"[:_MOST_TEXT],
        hint="Leave this model on another engine: `sotto models engine` shows them.",
        code="engine.cannot-open",
    )


def failed(model: str, error: BaseException) -> InferenceFailed:
    """The error for an inference that raised `error`."""
    return InferenceFailed(f"{model} could not be run: {first_line(error)}")


def first_line(error: BaseException) -> str:
    """What an engine says, short: the first line that has more than its kind."""
    if isinstance(error, SottoError):
        return error.message
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:_MOST_TEXT]
