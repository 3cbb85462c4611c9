"""The key of a machine: figures that were measured on another one must not be used."""

from __future__ import annotations

import hashlib
from pathlib import Path

from assistant.hardware.cpu import CPUINFO, parse_cpuinfo
from assistant.hardware.report import machine_model
from assistant.models.keys import cpu_flags
from common.files import read_plain

_MOST_BYTES = 4 * 1024 * 1024
#: What tells two machines of one model apart, where it can be read.
_IDS = (
    "sys/firmware/devicetree/base/serial-number",
    "sys/class/dmi/id/board_name",
    "sys/class/dmi/id/board_vendor",
    "etc/machine-id",
)


def machine_key(root: Path = Path("/")) -> str:
    """Key of the machine below `root`: models and flags of its processors, its model and board, its ids.

    The number of cores is left out: the power manager switches cores off. What only root may read (serial
    numbers of DMI) is left out too, so that the assistant and a root shell get the same key.

    Returns:
        32 hexadecimal digits, from which nothing of the machine can be read.
    """
    text = _text(root / CPUINFO)
    processors = sorted({cores.model for cores in parse_cpuinfo(text, {})})
    parts = [*processors, cpu_flags(text), machine_model(root), *(_text(root / name) for name in _IDS)]
    return hashlib.sha256("\n".join(part.strip() for part in parts).encode()).hexdigest()[:32]


def _text(path: Path) -> str:
    try:
        return read_plain(path, _MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
