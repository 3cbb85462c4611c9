"""A module in place of `tensorrt`, with the calls that our engine makes, on a "GPU" that lies in memory.

It parses ONNX, serialises and loads engines, keeps to the profile, and computes with ONNX Runtime.
"""

from __future__ import annotations

import ctypes
from enum import Enum
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from assistant.serving.cuda import Buffer, Gpu

__version__ = "10.9.0"
_PLAN = b"plan of "


class TensorIOMode(Enum):
    INPUT = 1
    OUTPUT = 2


MemoryPoolType = SimpleNamespace(WORKSPACE=0)
BuilderFlag = SimpleNamespace(TF32=0)


class Logger:
    ERROR = 1

    def __init__(self, severity: int) -> None:
        self.severity = severity


class IOutputAllocator:
    def __init__(self) -> None:
        self.made = True


class MemoryDevice:
    """A device whose memory is that of the process."""

    def __init__(self, gpu: Gpu | None = None) -> None:
        self.gpu = gpu or Gpu("Memory", "1.0")
        self._held: dict[int, Any] = {}

    @property
    def allocations(self) -> int:
        return len(self._held)

    def allocate(self, size: int) -> Buffer:
        memory = ctypes.create_string_buffer(max(1, size))
        address = ctypes.addressof(memory)
        self._held[address] = memory
        return Buffer(address, size, self._held.pop)

    def stream(self) -> int:
        return 1

    def upload(self, array: NDArray[Any], buffer: Buffer, stream: int) -> None:
        assert array.nbytes <= buffer.size
        ctypes.memmove(buffer.address, array.ctypes.data, array.nbytes)

    def download(self, buffer: Buffer, array: NDArray[Any], stream: int) -> None:
        assert array.nbytes <= buffer.size
        ctypes.memmove(array.ctypes.data, buffer.address, array.nbytes)

    def wait(self, stream: int) -> None:
        pass


class Builder:
    #: How often an engine was built.
    built = 0

    def __init__(self, logger: Logger) -> None:
        pass

    def create_network(self, flags: int) -> SimpleNamespace:
        return SimpleNamespace(model=b"", num_inputs=0)

    def create_builder_config(self) -> SimpleNamespace:
        config = SimpleNamespace(profile={})
        config.set_memory_pool_limit = lambda pool, size: None
        config.clear_flag = lambda flag: None
        config.add_optimization_profile = lambda profile: setattr(config, "profile", profile.shapes)
        return config

    def create_optimization_profile(self) -> SimpleNamespace:
        shapes: dict[str, Any] = {}

        def set_shape(name: str, least: Any, usual: Any, most: Any) -> None:
            assert all(a <= b <= c for a, b, c in zip(least, usual, most, strict=True))
            shapes[name] = (least, most)

        return SimpleNamespace(shapes=shapes, set_shape=set_shape)

    def build_serialized_network(self, network: SimpleNamespace, config: SimpleNamespace) -> bytearray:
        Builder.built += 1
        return bytearray(_PLAN + repr(config.profile).encode() + b"\n" + network.model)


class OnnxParser:
    def __init__(self, network: SimpleNamespace, logger: Logger) -> None:
        self._network = network
        self._errors: list[str] = []

    @property
    def num_errors(self) -> int:
        return len(self._errors)

    def get_error(self, place: int) -> SimpleNamespace:
        return SimpleNamespace(desc=lambda: self._errors[place])

    def parse_from_file(self, path: str) -> bool:
        model = onnx.load(path)
        domains = {node.domain for node in model.graph.node} - {""}
        if domains:
            self._errors.append(f"no importer is registered for {sorted(domains)[0]}")
            return False
        self._network.model = Path(path).read_bytes()
        inputs = [
            SimpleNamespace(
                name=each.name,
                shape=tuple(
                    size.dim_value if size.HasField("dim_value") else -1
                    for size in each.type.tensor_type.shape.dim
                )
                or (-1,),
            )
            for each in model.graph.input
        ]
        self._network.num_inputs = len(inputs)
        self._network.get_input = inputs.__getitem__
        return True


class Runtime:
    def __init__(self, logger: Logger) -> None:
        pass

    def deserialize_cuda_engine(self, data: bytes) -> Engine | None:
        head, _, model = bytes(data).partition(b"\n")
        if not head.startswith(_PLAN):
            return None
        return Engine(model, eval(head[len(_PLAN) :].decode()))


class Engine:
    def __init__(self, model: bytes, profile: dict[str, Any]) -> None:
        self.session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
        self.profile = profile
        self._inputs = [each.name for each in self.session.get_inputs()]
        self._names = [*self._inputs, *(each.name for each in self.session.get_outputs())]
        self.num_io_tensors = len(self._names)

    def get_tensor_name(self, place: int) -> str:
        return str(self._names[place])

    def get_tensor_mode(self, name: str) -> TensorIOMode:
        return TensorIOMode.INPUT if name in self._inputs else TensorIOMode.OUTPUT

    def get_tensor_dtype(self, name: str) -> str:
        each = next(e for e in (*self.session.get_inputs(), *self.session.get_outputs()) if e.name == name)
        return str(each.type)

    def is_shape_inference_io(self, name: str) -> bool:
        return name == "input_lengths"

    def create_execution_context(self) -> Context:
        return Context(self)


class Context:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._given: dict[str, tuple[tuple[int, ...], int]] = {}
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._allocators: dict[str, Any] = {}

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        least, most = self._engine.profile.get(name, (shape, shape))
        self._shapes[name] = shape
        return all(a <= b <= c for a, b, c in zip(least, shape, most, strict=True))

    def set_tensor_address(self, name: str, address: int) -> None:
        assert address
        self._given[name] = (self._shapes[name], address)

    def set_output_allocator(self, name: str, allocator: Any) -> None:
        assert isinstance(allocator, IOutputAllocator)
        self._allocators[name] = allocator

    def execute_async_v3(self, stream: int) -> bool:
        feed = {}
        for name, (shape, address) in self._given.items():
            dtype = np.dtype(nptype(self._engine.get_tensor_dtype(name)))
            size = int(np.prod(shape)) * dtype.itemsize
            feed[name] = np.frombuffer(ctypes.string_at(address, size), dtype).reshape(shape)
        try:
            found = self._engine.session.run(list(self._allocators), feed)
        except Exception:
            return False
        for (name, allocator), array in zip(self._allocators.items(), found, strict=True):
            array = np.ascontiguousarray(array)
            address = allocator.reallocate_output_async(name, 0, array.nbytes, 256, stream)
            ctypes.memmove(address, array.ctypes.data, array.nbytes)
            allocator.notify_shape(name, array.shape)
        return True


_TYPES: dict[str, Any] = {
    "tensor(float)": np.float32,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
}


def nptype(kind: str) -> Any:
    return _TYPES[kind]
