"""Reading files of weights in the format safetensors: 8 bytes of length, a JSON header, then the arrays.

Format: github.com/huggingface/safetensors, README, "Format".
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.errors import ModelError

_MOST_HEADER = 1 << 20
_MOST_BYTES = 1 << 30
_FLOATS: dict[str, np.dtype[Any]] = {"F16": np.dtype("<f2"), "F32": np.dtype("<f4")}


def read_floats(path: Path) -> dict[str, NDArray[np.float32]]:
    """The arrays of floating point of a file, as float32, by name; others are left out.

    Raises:
        ModelError: `quantise.damaged`, it cannot be read, or is no such file.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ValueError(f"it has more than {_MOST_BYTES / 1e9:.1f} GB")
        data = path.read_bytes()
        length = int.from_bytes(data[:8], "little")
        if length > min(_MOST_HEADER, len(data) - 8):
            raise ValueError("its header is longer than it may be")
        header = json.loads(data[8 : 8 + length])
        body = memoryview(data)[8 + length :]
        found = {}
        for name, entry in header.items():
            if name != "__metadata__" and entry["dtype"] in _FLOATS:
                kind, shape = _FLOATS[entry["dtype"]], [int(size) for size in entry["shape"]]
                start, end = (int(place) for place in entry["data_offsets"])
                if not 0 <= start <= end <= len(body) or end - start != math.prod(shape) * kind.itemsize:
                    raise ValueError(f"{name} does not lie inside it")
                found[name] = np.frombuffer(body[start:end], kind).reshape(shape).astype(np.float32)
        return found
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ModelError(
            f"the weights {path} cannot be read: {error}",
            hint="fetch them anew",
            code="quantise.damaged",
        ) from error
