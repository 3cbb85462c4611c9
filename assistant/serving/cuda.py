"""Memory and streams of an NVIDIA GPU, through the driver's library alone (docs.nvidia.com, CUDA Driver API).

**This has never run on a GPU**: none was at hand. The tests put a device in its place that lies in memory.
"""

from __future__ import annotations

import ctypes
import weakref
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.serving.engine import unavailable

#: CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and _MINOR, of cuda.h.
_MAJOR, _MINOR = 75, 76


@dataclass(frozen=True)
class Gpu:
    """What compiled models depend on.

    Attributes:
        name: as the driver tells it.
        capability: compute capability, such as "8.9".
    """

    name: str
    capability: str


class Device(Protocol):
    """Memory and streams of a device."""

    gpu: Gpu

    def allocate(self, size: int) -> Buffer:
        """Memory of so many bytes, at least one; freed when nothing refers to it."""

    def stream(self) -> int:
        """A new stream."""

    def upload(self, array: NDArray[Any], buffer: Buffer, stream: int) -> None:
        """Copy a contiguous array to the device."""

    def download(self, buffer: Buffer, array: NDArray[Any], stream: int) -> None:
        """Copy from the device to a contiguous array, and wait for it."""

    def wait(self, stream: int) -> None:
        """Wait until the stream has done everything."""


class Buffer:
    """Memory of a device: its address, its size in bytes, and what frees it."""

    def __init__(self, address: int, size: int, free: Any) -> None:
        self.address = address
        self.size = size
        # At the end of the process the driver frees everything, and may be gone already.
        weakref.finalize(self, free, address).atexit = False


class CudaDevice:
    """The first GPU; see `Device`. Its context is the primary one, which TensorRT uses as well.

    Raises:
        Unavailable: `engine.unavailable`: there is no driver, or no GPU.
    """

    def __init__(self) -> None:
        try:
            self._cuda = ctypes.CDLL("libcuda.so.1")
        except OSError as error:
            raise unavailable(f"the driver's library cannot be loaded: {error}") from error
        device, self._context = ctypes.c_int(), ctypes.c_void_p()
        self._do("cuInit", 0)
        self._do("cuDeviceGet", ctypes.byref(device), 0)
        name = ctypes.create_string_buffer(256)
        self._do("cuDeviceGetName", name, len(name), device)
        capability = []
        for attribute in (_MAJOR, _MINOR):
            value = ctypes.c_int()
            self._do("cuDeviceGetAttribute", ctypes.byref(value), attribute, device)
            capability.append(str(value.value))
        self._do("cuDevicePrimaryCtxRetain", ctypes.byref(self._context), device)
        self.gpu = Gpu(name.value.decode("utf-8", "replace"), ".".join(capability))

    def allocate(self, size: int) -> Buffer:
        """See `Device`."""
        address = ctypes.c_uint64()
        self._here()
        self._do("cuMemAlloc_v2", ctypes.byref(address), ctypes.c_size_t(max(1, size)))
        return Buffer(address.value, size, self._free)

    def stream(self) -> int:
        """See `Device`."""
        stream = ctypes.c_void_p()
        self._here()
        self._do("cuStreamCreate", ctypes.byref(stream), 0)
        return stream.value or 0

    def upload(self, array: NDArray[Any], buffer: Buffer, stream: int) -> None:
        """See `Device`."""
        self._here()
        if array.nbytes:
            self._do(
                "cuMemcpyHtoDAsync_v2",
                ctypes.c_uint64(buffer.address),
                ctypes.c_void_p(array.ctypes.data),
                ctypes.c_size_t(array.nbytes),
                ctypes.c_void_p(stream),
            )

    def download(self, buffer: Buffer, array: NDArray[Any], stream: int) -> None:
        """See `Device`."""
        self._here()
        if array.nbytes:
            self._do(
                "cuMemcpyDtoHAsync_v2",
                ctypes.c_void_p(array.ctypes.data),
                ctypes.c_uint64(buffer.address),
                ctypes.c_size_t(array.nbytes),
                ctypes.c_void_p(stream),
            )
        self.wait(stream)

    def wait(self, stream: int) -> None:
        """See `Device`."""
        self._do("cuStreamSynchronize", ctypes.c_void_p(stream))

    def _here(self) -> None:
        """A context belongs to a thread; calls come from any."""
        self._do("cuCtxSetCurrent", self._context)

    def _free(self, address: int) -> None:
        self._cuda.cuCtxSetCurrent(self._context)
        self._cuda.cuMemFree_v2(ctypes.c_uint64(address))

    def _do(self, name: str, *arguments: Any) -> None:
        status = getattr(self._cuda, name)(*arguments)
        if status != 0:
            text = ctypes.c_char_p()
            self._cuda.cuGetErrorString(status, ctypes.byref(text))
            said = text.value.decode("utf-8", "replace") if text.value else f"error {status}"
            raise unavailable(f"{name}: {said}")


class DeviceTensor:
    """A tensor in the memory of a device; see `engine.Tensor`."""

    def __init__(
        self, device: Device, stream: int, buffer: Buffer, shape: tuple[int, ...], dtype: np.dtype[Any]
    ) -> None:
        self.buffer = buffer
        self.dtype = dtype
        self._device = device
        self._stream = stream
        self._shape = shape

    def numpy(self) -> NDArray[Any]:
        """Its values, copied."""
        array = np.empty(self._shape, self.dtype)
        self._device.download(self.buffer, array, self._stream)
        return array

    def shape(self) -> list[int]:
        """Its shape."""
        return list(self._shape)
