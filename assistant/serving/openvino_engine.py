"""The engine OpenVINO: its frontend reads the ONNX file, and its plugin for a device compiles it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.privacy import silence_telemetry
from assistant.serving.engine import HostTensor, Spans, Tensor, cannot_open, failed, unavailable, unreadable
from assistant.serving.entries import EngineEntry
from assistant.serving.openvino_rotary import turned

silence_telemetry()

import openvino as ov  # noqa: E402  (telemetry must be off before this import)
from openvino.frontend import FrontEndManager  # noqa: E402
from openvino.frontend.onnx import ConversionExtension  # noqa: E402

#: Requests kept between calls, each with its buffers; there are more only while more threads run the model.
_MOST_IDLE = 4
_MOST_TEXT = 160
#: Lines of its errors begin so that do not tell the cause.
_FRAME = ("Exception from", "Check '", "FrontEnd API failed", "Model wasn't fully", "Summary:")


class OpenVinoSession:
    """A compiled model; see `engine.Session`.

    Args:
        compiled: the model.
        name: of the model, for errors.
    """

    def __init__(self, compiled: ov.CompiledModel, name: str) -> None:
        self.inputs = tuple(each.any_name for each in compiled.inputs)
        self._inputs = frozenset(self.inputs)
        self.tensor = HostTensor
        self._outputs = {alias: place for place, each in enumerate(compiled.outputs) for alias in each.names}
        self._all = tuple(range(len(compiled.outputs)))
        self._compiled = compiled
        self._name = name
        # One request serves one call at a time; appending and popping are atomic.
        self._idle: list[ov.InferRequest] = []

    def run(self, outputs: Sequence[str] | None, feed: Mapping[str, Any]) -> list[NDArray[Any]]:
        """Run it on arrays; see `engine.Session`."""
        try:
            request = self._idle.pop()
        except IndexError:
            request = self._compiled.create_infer_request()
        try:
            # What is missing, OpenVINO would take from the call before.
            if feed.keys() != self._inputs:
                raise RuntimeError(f"it takes {', '.join(self.inputs)}, and was given {', '.join(feed)}")
            wanted = self._all if outputs is None else [self._outputs[name] for name in outputs]
            request.infer(dict(feed), share_inputs=True, share_outputs=True)
            # The request writes its next results over these.
            return [np.array(request.get_output_tensor(place).data) for place in wanted]
        except Exception as error:
            raise failed(self._name, RuntimeError(told(error))) from error
        finally:
            if len(self._idle) < _MOST_IDLE:
                self._idle.append(request)

    def run_tensors(self, outputs: Sequence[str], feed: Mapping[str, Tensor]) -> list[Tensor]:
        """Run it on tensors; see `engine.Session`. On another device than the processor they are copied."""
        found = self.run(outputs, {name: _taken(value.numpy()) for name, value in feed.items()})
        return [HostTensor(each) for each in found]


class OpenVino:
    """OpenVINO on one of its devices; see `engine.Engine`.

    Args:
        entry: of the table; its option DEVICE names the device.
        rotary: translate `RotaryEmbedding` here (see `openvino_rotary`); False leaves it to OpenVINO.

    Raises:
        Unavailable: `engine.unavailable`: it finds no such device here.
    """

    def __init__(self, entry: EngineEntry, *, rotary: bool = True) -> None:
        self._entry = entry
        self._device = entry.settings(None).get("DEVICE", "CPU")
        self._core = ov.Core()
        self._extensions = [ConversionExtension("RotaryEmbedding", "com.microsoft", turned)] if rotary else []
        found = {name.split(".")[0] for name in self._core.available_devices}
        if self._device not in found:
            raise unavailable(
                f"OpenVINO {ov.get_version().split('-')[0]} finds no device {self._device} here "
                f"(it finds {', '.join(sorted(found)) or 'none'})"
            )

    def open(
        self, path: Path, threads: int = 1, *, arena: bool = False, spans: Spans | None = None
    ) -> OpenVinoSession:
        """Open a model; see `engine.Engine`. It always keeps its buffers between runs."""
        if not path.is_file():
            raise unreadable(path, FileNotFoundError("there is no such file"))
        try:
            model = self._read(path, spans or {})
            if not model.outputs:  # it takes an empty file for a model
                raise RuntimeError("it has no outputs")
            compiled = self._core.compile_model(model, self._device, self._config(threads))
        except Exception as error:  # its frontend and its plugins raise many classes
            raise cannot_open(self._entry.name, path, told(error)) from error
        return OpenVinoSession(compiled, path.stem)

    def _read(self, path: Path, spans: Spans) -> ov.Model:
        frontend = FrontEndManager().load_by_framework("onnx")
        for each in self._extensions:
            frontend.add_extension(each)
        model = frontend.load(str(path))
        # A rank that the file does not say must be known before the operators are translated.
        for place in model.get_inputs():
            for name in place.get_names():
                if name in spans:
                    least, most = spans[name].least, spans[name].most
                    sizes = [low if low == high else -1 for low, high in zip(least, most, strict=True)]
                    model.set_partial_shape(place, ov.PartialShape(sizes))
        return frontend.convert(model)

    def _config(self, threads: int) -> dict[str, str | int | bool]:
        config: dict[str, str | int | bool] = {"NUM_STREAMS": 1}
        if self._device == "CPU":
            config |= {
                "INFERENCE_NUM_THREADS": threads,
                # The power manager decides which cores are used.
                "ENABLE_CPU_PINNING": False,
                # By default it computes in bfloat16 where the processor can, with two to three digits.
                "INFERENCE_PRECISION_HINT": "f32",
                "KV_CACHE_PRECISION": "f32",
            }
        return config


def _taken(array: NDArray[Any]) -> NDArray[Any]:
    """An array as OpenVINO takes it: ONNX Runtime gives integers as C's `long long`, it knows only `long`."""
    return array.view(np.int64) if array.dtype.char == "q" else array


def told(error: BaseException) -> str:
    """The cause of an error of OpenVINO, which stands behind places in its source."""
    lines = [line.strip("- ") for line in str(error).splitlines()]
    words = [line for line in lines if line and not line.startswith(_FRAME)]
    return (words[0] if words else type(error).__name__)[:_MOST_TEXT]


def make_engine(entry: EngineEntry, _folder: Path | None) -> OpenVino:
    """The engine."""
    return OpenVino(entry)
