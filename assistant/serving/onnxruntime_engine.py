"""The engine ONNX Runtime, on the processor or with another provider; its options are decided here only."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from assistant.privacy import silence_telemetry
from assistant.serving.engine import Spans, Tensor, cannot_open, failed, first_line, unavailable, unreadable
from assistant.serving.entries import EngineEntry

silence_telemetry()

import onnxruntime as ort  # noqa: E402  (telemetry must be off before this import)

_WARNINGS_OFF = 3
_ON_CPU = "CPUExecutionProvider"


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
            providers=[_ON_CPU],
        )
    except Exception as error:  # onnxruntime raises many unrelated classes
        raise unreadable(path, error) from error


class OnnxSession:
    """A model on ONNX Runtime; see `engine.Session`."""

    def __init__(self, session: ort.InferenceSession, name: str) -> None:
        self.inputs = tuple(entry.name for entry in session.get_inputs())
        self.tensor = ort.OrtValue.ortvalue_from_numpy
        self._run = session.run
        self._run_values = session.run_with_ort_values
        self._name = name

    def run(self, outputs: Sequence[str] | None, feed: Mapping[str, Any]) -> list[NDArray[Any]]:
        """Run it on arrays; see `engine.Session`."""
        try:
            found: list[NDArray[Any]] = self._run(outputs, feed)
        except Exception as error:
            raise failed(self._name, error) from error
        return found

    def run_tensors(self, outputs: Sequence[str], feed: Mapping[str, Tensor]) -> list[Tensor]:
        """Run it on tensors; see `engine.Session`."""
        try:
            try:
                found: list[Tensor] = self._run_values(outputs, feed)
            except AttributeError:  # a tensor of another engine
                found = self._run_values(outputs, {name: self._own(value) for name, value in feed.items()})
        except Exception as error:
            raise failed(self._name, error) from error
        return found

    def _own(self, value: Tensor) -> Tensor:
        own: Tensor = value if isinstance(value, ort.OrtValue) else self.tensor(value.numpy())
        return own


class OnnxRuntime:
    """ONNX Runtime; see `engine.Engine`.

    Args:
        entry: of the table; it names the provider.
        folder: for what the provider compiles; None where nothing is kept.

    Raises:
        Unavailable: `engine.unavailable`: there is no such provider, or it finds no device here.
    """

    def __init__(self, entry: EngineEntry, folder: Path | None = None) -> None:
        self._entry = entry
        self._settings = entry.settings(folder)
        self._device = _plugin_device(entry) if entry.plugin else None
        if entry.provider and entry.provider not in ort.get_available_providers():
            raise unavailable(f"this build of ONNX Runtime ({ort.__version__}) has no {entry.provider}")

    def open(
        self, path: Path, threads: int = 1, *, arena: bool = False, spans: Spans | None = None
    ) -> OnnxSession:
        """Open a model; see `engine.Engine`."""
        if self._entry.provider == _ON_CPU:
            return OnnxSession(open_session(path, threads, arena=arena), path.stem)
        options = session_options(threads, arena)
        options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
        providers: list[Any] | None = None
        if self._device is not None:
            options.add_provider_for_devices([self._device], self._settings)
            wanted = self._device.ep_name
        else:
            wanted = self._entry.provider
            providers = [(wanted, self._settings), _ON_CPU]
        try:
            session = ort.InferenceSession(str(path), options, providers=providers)
            parts = session.get_provider_graph_assignment_info()
        except Exception as error:
            raise cannot_open(self._entry.name, path, first_line(error)) from error
        # ONNX Runtime goes on without a provider that cannot start, and gives it only what it can do.
        if not any(part.ep_name == wanted for part in parts):
            raise cannot_open(self._entry.name, path, f"no part of the model runs on {wanted}")
        return OnnxSession(session, path.stem)


_registering = threading.Lock()
#: Module of a plugin that is registered -> the providers that it brought.
_providers: dict[str, set[str]] = {}


def _plugin_device(entry: EngineEntry) -> Any:
    """The device of the plugin's provider that has the entry's kind; registers the plugin at first."""
    module, _, function = entry.plugin.partition(":")
    try:
        library = str(getattr(import_module(module), function)())
        with _registering:
            before = {each.ep_name for each in ort.get_ep_devices()}
            if module not in _providers:
                ort.register_execution_provider_library(module, library)
                _providers[module] = {each.ep_name for each in ort.get_ep_devices()} - before
            devices = [each for each in ort.get_ep_devices() if each.ep_name in _providers[module]]
    except Exception as error:
        raise unavailable(f"the plugin {module} cannot be loaded: {first_line(error)}") from error
    for each in devices:
        if each.device.type.name.lower() == entry.device:
            return each
    others = ", ".join(sorted({each.device.type.name.lower() for each in devices})) or "none"
    raise unavailable(f"the plugin {module} finds no device of kind {entry.device} here (it finds {others})")


def make_engine(entry: EngineEntry, folder: Path | None) -> OnnxRuntime:
    """The engine."""
    return OnnxRuntime(entry, folder)
