"""The engine TensorRT, natively: builds an engine for this GPU from the ONNX file, and keeps it on disk.

**This has never run on a GPU**: none was at hand. It is written after NVIDIA's documentation of TensorRT 10's
Python API; the tests run it with a module in place of `tensorrt` that has the same calls.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.models import keys
from assistant.models.files import sha256_of
from assistant.serving.cuda import Buffer, CudaDevice, Device, DeviceTensor
from assistant.serving.engine import HostTensor, Spans, Tensor, cannot_open, failed, first_line, unreadable
from assistant.serving.engine_cache import EngineCache
from assistant.serving.entries import EngineEntry

#: Bytes of GPU memory that building may take.
_WORKSPACE_BYTES = 1 << 30
#: Contexts kept between calls, each with its stream; there are more only while more threads run the model.
_MOST_IDLE = 4


class TensorRt:
    """TensorRT on the first GPU; see `engine.Engine`.

    Args:
        entry: of the table.
        folder: for built engines; None to keep none.
        device: the GPU; made if it is not given.

    Raises:
        Unavailable: `engine.unavailable`: there is no GPU, or no driver.
    """

    def __init__(self, entry: EngineEntry, folder: Path | None = None, device: Device | None = None) -> None:
        self._entry = entry
        self._trt = import_module("tensorrt")
        self._device = device or CudaDevice()
        self._logger = self._trt.Logger(self._trt.Logger.ERROR)
        self._cache = EngineCache(folder / "tensorrt") if folder is not None else None
        # Building takes all of the GPU's memory that it is given.
        self._building = threading.Lock()

    def open(
        self, path: Path, threads: int = 1, *, arena: bool = False, spans: Spans | None = None
    ) -> TensorRtSession:
        """Open a model; see `engine.Engine`. Unless it is on disk, it is built, which takes minutes."""
        if not path.is_file():
            raise unreadable(path, FileNotFoundError("there is no such file"))
        spans = spans or {}
        try:
            with self._building:
                engine = self._stored(path, spans) or self._built(path, spans)
        except Exception as error:
            raise cannot_open(self._entry.name, path, first_line(error)) from error
        return TensorRtSession(engine, self._trt, self._device, path.stem)

    def key(self, path: Path, spans: Spans) -> str:
        """What a built engine depends on: the model, the shapes, the GPU and the version of TensorRT."""
        gpu = self._device.gpu
        shapes = [f"{name} {spans[name]}" for name in sorted(spans)]
        return keys.digest([sha256_of(path), gpu.name, gpu.capability, str(self._trt.__version__), *shapes])

    def _stored(self, path: Path, spans: Spans) -> Any | None:
        """The engine on disk; None if there is none that TensorRT takes."""
        if self._cache is None:
            return None
        key = self.key(path, spans)
        data = self._cache.load(key)
        if data is None:
            return None
        engine = self._trt.Runtime(self._logger).deserialize_cuda_engine(data)
        if engine is None:
            self._cache.drop(key)
        return engine

    def _built(self, path: Path, spans: Spans) -> Any:
        trt = self._trt
        builder = trt.Builder(self._logger)
        network = builder.create_network(0)
        parser = trt.OnnxParser(network, self._logger)
        if not parser.parse_from_file(str(path)):
            errors = [str(parser.get_error(place).desc()) for place in range(parser.num_errors)]
            raise RuntimeError(errors[0] if errors else "the file cannot be parsed")
        config = builder.create_builder_config()
        config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, _WORKSPACE_BYTES)
        # TF32 multiplies with ten bits of the mantissa, which the processor does not.
        config.clear_flag(trt.BuilderFlag.TF32)
        config.add_optimization_profile(self._profile(builder, network, spans))
        data = builder.build_serialized_network(network, config)
        if data is None:
            raise RuntimeError("it cannot be built for this GPU")
        engine = trt.Runtime(self._logger).deserialize_cuda_engine(data)
        if engine is None:
            raise RuntimeError("what was built cannot be loaded")
        if self._cache is not None:
            self._cache.store(self.key(path, spans), bytes(data))
        return engine

    @staticmethod
    def _profile(builder: Any, network: Any, spans: Spans) -> Any:
        """The shapes for which kernels are chosen."""
        profile = builder.create_optimization_profile()
        for place in range(network.num_inputs):
            each = network.get_input(place)
            if all(size >= 0 for size in each.shape):
                continue
            if each.name not in spans:
                raise RuntimeError(f"the shapes of its input {each.name} are not known")
            span = spans[each.name]
            profile.set_shape(each.name, span.least, span.usual, span.most)
        return profile


class TensorRtSession:
    """A built engine; see `engine.Session`."""

    def __init__(self, engine: Any, trt: Any, device: Device, name: str) -> None:
        names = [engine.get_tensor_name(place) for place in range(engine.num_io_tensors)]
        inputs = [each for each in names if engine.get_tensor_mode(each) == trt.TensorIOMode.INPUT]
        self.inputs = tuple(inputs)
        self.tensor = HostTensor
        self._outputs = tuple(each for each in names if each not in inputs)
        self._types = {each: np.dtype(trt.nptype(engine.get_tensor_dtype(each))) for each in names}
        self._engine = engine
        self._trt = trt
        self._device = device
        self._name = name
        # A context serves one call at a time; appending and popping are atomic.
        self._idle: list[tuple[Any, int]] = []

    def run(self, outputs: Sequence[str] | None, feed: Mapping[str, Any]) -> list[NDArray[Any]]:
        """Run it on arrays; see `engine.Session`."""
        wanted = self._outputs if outputs is None else outputs
        found = self.run_tensors(wanted, {name: HostTensor(np.asarray(each)) for name, each in feed.items()})
        return [each.numpy() for each in found]

    def run_tensors(self, outputs: Sequence[str], feed: Mapping[str, Tensor]) -> list[Tensor]:
        """Run it on tensors, which stay on the GPU; see `engine.Session`."""
        try:
            context, stream = self._idle.pop()
        except IndexError:
            context, stream = self._engine.create_execution_context(), self._device.stream()
        try:
            found = self._run(context, stream, feed)
            return [found[name] for name in outputs]
        except Exception as error:
            raise failed(self._name, error) from error
        finally:
            if len(self._idle) < _MOST_IDLE:
                self._idle.append((context, stream))

    def _run(self, context: Any, stream: int, feed: Mapping[str, Tensor]) -> dict[str, Tensor]:
        held: list[Any] = []  # what the call reads, until it has ended
        for name in self.inputs:
            shape, address = self._given(name, feed[name], stream, held)
            if not context.set_input_shape(name, shape):
                raise RuntimeError(f"the shape {shape} of {name} is outside of what it was built for")
            context.set_tensor_address(name, address)
        allocators = {name: _allocator(self._trt, self._device) for name in self._outputs}
        for name, allocator in allocators.items():
            context.set_output_allocator(name, allocator)
        if not context.execute_async_v3(stream):
            raise RuntimeError("the GPU refused it")
        self._device.wait(stream)
        return {
            name: DeviceTensor(self._device, stream, each.buffer, each.shape, self._types[name])
            for name, each in allocators.items()
        }

    def _given(self, name: str, value: Tensor, stream: int, held: list[Any]) -> tuple[tuple[int, ...], int]:
        """Shape and address of an input; what must live as long as the call goes into `held`."""
        dtype = self._types[name]
        on_host = self._engine.is_shape_inference_io(name)
        if isinstance(value, DeviceTensor) and value.dtype == dtype and not on_host:
            held.append(value)
            return tuple(value.shape()), value.buffer.address
        array = np.ascontiguousarray(value.numpy(), dtype).reshape(value.shape())
        held.append(array)
        if on_host:
            return array.shape, array.ctypes.data
        buffer = self._device.allocate(array.nbytes)
        held.append(buffer)
        self._device.upload(array, buffer, stream)
        return array.shape, buffer.address


def _allocator(trt: Any, device: Device) -> Any:
    """Memory for an output whose size is known only when it has been computed."""

    class Allocator(trt.IOutputAllocator):  # type: ignore[misc]  # its base is known when it runs
        def __init__(self) -> None:
            trt.IOutputAllocator.__init__(self)
            self.buffer: Buffer = device.allocate(0)
            self.shape: tuple[int, ...] = ()

        def reallocate_output_async(
            self, _name: str, _memory: int, size: int, _align: int, _stream: int
        ) -> int:
            return self.reallocate_output(_name, _memory, size, _align)

        def reallocate_output(self, _name: str, _memory: int, size: int, _align: int) -> int:
            if self.buffer.size < size:
                self.buffer = device.allocate(size)
            return self.buffer.address

        def notify_shape(self, _name: str, shape: Any) -> None:
            self.shape = tuple(int(size) for size in shape)

    return Allocator()


def make_engine(entry: EngineEntry, folder: Path | None) -> TensorRt:
    """The engine."""
    return TensorRt(entry, folder)
