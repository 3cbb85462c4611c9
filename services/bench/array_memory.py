"""Counts the memory that numpy allocates for the data of arrays, by the line of Python that asked for it.

tracemalloc shows what is still there; this shows also what was freed again at once. numpy lets a program
replace its allocator ("Memory management in NumPy" in its reference, NEP 49).
"""

from __future__ import annotations

import ctypes
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from math import prod
from typing import Any

#: Places of PyDataMem_SetHandler and PyDataMem_GetHandler in numpy's table of functions
#: (numpy/_core/include/numpy/__multiarray_api.h of numpy 2).
_SET_HANDLER, _GET_HANDLER = 304, 305
#: Name of the capsules that hold an allocator.
_CAPSULE = b"mem_handler"

_pointer, _size = ctypes.c_void_p, ctypes.c_size_t
#: Results and arguments of malloc, calloc and realloc. numpy's own are called with the lock of the
#: interpreter held, because they give it up themselves.
_SHAPES = (
    (_pointer, _pointer, _size),
    (_pointer, _pointer, _size, _size),
    (_pointer, _pointer, _pointer, _size),
)


class _Handler(ctypes.Structure):
    """PyDataMem_Handler of numpy/ndarraytypes.h, version 1; the functions as bare pointers."""

    _fields_ = (
        ("name", ctypes.c_char * 127),
        ("version", ctypes.c_uint8),
        ("context", _pointer),
        ("malloc", _pointer),
        ("calloc", _pointer),
        ("realloc", _pointer),
        ("free", _pointer),
    )


#: Allocators that were used. Arrays may outlive the counting, and are freed through them.
_kept: list[object] = []


def _table_of_numpy() -> Any:
    """The capsule with the functions of numpy for code in C."""
    return import_module("numpy._core._multiarray_umath")._ARRAY_API


@contextmanager
def counted_arrays() -> Iterator[Counter[str]]:
    """Count in this thread: bytes by "file:line" of the innermost Python code; a resize counts as a whole.

    What libraries allocate by other means, such as ONNX Runtime for its results, is not seen.
    """
    python = ctypes.pythonapi
    python.PyCapsule_GetPointer.restype = _pointer
    python.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    python.PyCapsule_New.restype = ctypes.py_object
    python.PyCapsule_New.argtypes = [_pointer, ctypes.c_char_p, _pointer]
    table = ctypes.cast(python.PyCapsule_GetPointer(_table_of_numpy(), None), ctypes.POINTER(_pointer))
    get_handler = ctypes.PYFUNCTYPE(ctypes.py_object)(table[_GET_HANDLER] or 0)
    set_handler = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.py_object)(table[_SET_HANDLER] or 0)
    usual = _Handler.from_address(python.PyCapsule_GetPointer(get_handler(), _CAPSULE))
    counted: Counter[str] = Counter()

    def counting(address: int, shape: tuple[Any, ...]) -> Any:
        original = ctypes.PYFUNCTYPE(*shape)(address)

        def allocate(context: int | None, *arguments: int) -> Any:
            # The sizes are the last arguments; one that is resized comes before.
            sizes = arguments[1:] if shape is _SHAPES[2] else arguments
            code = sys._getframe(1)
            counted[f"{code.f_code.co_filename}:{code.f_lineno}"] += prod(sizes)
            return original(context, *arguments)

        return ctypes.PYFUNCTYPE(*shape)(allocate)

    functions = [
        counting(address, shape)
        for address, shape in zip((usual.malloc, usual.calloc, usual.realloc), _SHAPES, strict=True)
    ]
    addresses = [ctypes.cast(function, _pointer).value for function in functions]
    ours = _Handler(b"counting", 1, usual.context, *addresses, usual.free)
    capsule = python.PyCapsule_New(ctypes.addressof(ours), _CAPSULE, None)
    _kept.append((ours, functions))
    before = set_handler(capsule)
    try:
        yield counted
    finally:
        set_handler(before)
