"""Keys of derived files. A key changes exactly when the files must be made again."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path

from assistant.models.catalogue import by_task

#: Raise it with every change of what conversion or prepacking writes.
CODE_VERSION = 2

_CPU_INFO = Path("/proc/cpuinfo")


@cache
def conversion_key() -> str:
    """Key of the converted graphs: the models that are converted, and the code. The same on every machine."""
    converted = (*by_task("asr"), *by_task("tts"))
    return digest(
        [f"code {CODE_VERSION}"] + [f"{e.name} {f.basename} {f.sha256}" for e in converted for f in e.files]
    )


@cache
def host_key() -> str:
    """Key of the prepacked weights: the models, ONNX Runtime, and what this processor can do.

    ONNX Runtime lays weights out for the kernels it would choose here, so a layout made on another
    processor or by another version must not be used.
    """
    published = (*by_task("vad"), *by_task("turn-end"))
    return digest(
        [
            conversion_key(),
            *(f"{entry.name} {file.sha256}" for entry in published for file in entry.files),
            f"onnxruntime {version('onnxruntime')}",
            platform.machine(),
            cpu_flags(_cpu_info()),
        ]
    )


def cpu_flags(cpu_info: str) -> str:
    """The feature flags of the first processor in the text of /proc/cpuinfo, sorted."""
    for line in cpu_info.splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("flags", "Features"):
            return " ".join(sorted(value.split()))
    return ""


def _cpu_info() -> str:
    try:
        return _CPU_INFO.read_text()
    except OSError:
        return ""


def digest(parts: Iterable[str]) -> str:
    """Sixteen hexadecimal digits that tell these texts from any others."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
