"""The engine ONNX Runtime, on the processor; the options of its sessions are decided here only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from assistant.privacy import silence_telemetry
from assistant.serving.engine import Tensor
from common.errors import ModelError

silence_telemetry()

import onnxruntime as ort  # noqa: E402  (telemetry must be off before this import)

_WARNINGS_OFF = 3


def session_options(threads: int = 1, arena: bool = False) -> ort.SessionOptions:
    """Options shared by every session.

    One thread by default and no spinning: these models are too small to gain from a second thread,
    and spinning threads take the processor from the audio callbacks of a two-core machine. The arena,
    which keeps every buffer for the next run, pays only for a model that runs many short steps:
    measured, it makes the decoder 13 % faster, and the others no faster but 50 MB larger.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = _WARNINGS_OFF
    options.enable_cpu_mem_arena = arena
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    # Initialisers keep out of the arena, so it does not grow past what activations need.
    options.add_session_config_entry("session.use_device_allocator_for_initializers", "1")
    return options


def open_session(
    path: Path,
    threads: int = 1,
    *,
    arena: bool = False,
    options: ort.SessionOptions | None = None,
) -> ort.InferenceSession:
    """Open a model on the CPU.

    Args:
        path: an `.onnx` or `.ort` file; external weights beside it are mapped, not read.
        threads: threads inside one operator.
        arena: whether buffers are kept between runs.
        options: replaces `session_options(threads, arena)`.

    Raises:
        ModelError: the file is missing or damaged.
    """
    try:
        return ort.InferenceSession(
            str(path),
            session_options(threads, arena) if options is None else options,
            providers=["CPUExecutionProvider"],
        )
    except Exception as error:  # onnxruntime raises many unrelated classes
        raise ModelError(
            f"the model {path} cannot be loaded: {str(error).splitlines()[0][:200]}",
            hint="Run `make setup` to fetch and prepare the models again.",
            code="model.unreadable",
        ) from error


class OnnxSession:
    """A model on ONNX Runtime; see `engine.Session`."""

    def __init__(self, session: ort.InferenceSession) -> None:
        self.inputs = tuple(entry.name for entry in session.get_inputs())
        self.run = session.run
        self.run_tensors = session.run_with_ort_values


class OnnxRuntime:
    """ONNX Runtime on the processor; see `engine.Engine`."""

    def open(self, path: Path, threads: int = 1, *, arena: bool = False) -> OnnxSession:
        """Open a model; see `open_session`."""
        return OnnxSession(open_session(path, threads, arena=arena))

    def tensor(self, array: NDArray[Any]) -> Tensor:
        """A tensor of ONNX Runtime with the values of `array`."""
        value: Tensor = ort.OrtValue.ortvalue_from_numpy(array)
        return value


def make_engine() -> OnnxRuntime:
    """The engine."""
    return OnnxRuntime()
