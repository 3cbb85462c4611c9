"""CPU features, core by core: a mixed machine may have different ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from common.files import read_plain

CPUINFO = "proc/cpuinfo"
#: 1.6 kB a processor on x86; 2000 processors fit.
_MOST_BYTES = 4 * 1024 * 1024
_FLAGS = ("flags", "features")


@dataclass(frozen=True)
class Cores:
    """Cores of one kind.

    Attributes:
        numbers: the kernel's numbers of those that are online, rising.
        model: as the kernel names it; for arm64 the codes of implementer and part, such as "0x41 0xd0b".
        features: names of the table, in its order.
    """

    numbers: tuple[int, ...]
    model: str
    features: tuple[str, ...]


def read_cores(features: Mapping[str, tuple[str, ...]], root: Path = Path("/")) -> tuple[Cores, ...]:
    """The cores of the machine below `root`.

    Raises:
        OSError: the kernel's list cannot be read.
    """
    return parse_cpuinfo(read_plain(root / CPUINFO, _MOST_BYTES).decode("utf-8", "replace"), features)


def parse_cpuinfo(text: str, features: Mapping[str, tuple[str, ...]]) -> tuple[Cores, ...]:
    """The content of /proc/cpuinfo by kinds of cores, in the order of the first core of each.

    Args:
        features: name -> flags, of which one is enough.
    """
    kinds: dict[tuple[str, tuple[str, ...]], list[int]] = {}
    for block in text.split("\n\n"):
        pairs = (line.partition(":") for line in block.splitlines())
        values = {name.strip().lower(): value.strip() for name, _, value in pairs}
        number = values.get("processor", "")
        if not number.isdecimal():
            continue
        flags = {flag for name in _FLAGS for flag in values.get(name, "").lower().split()}
        has = tuple(name for name, wanted in features.items() if flags.intersection(wanted))
        kinds.setdefault((_model(values), has), []).append(int(number))
    return tuple(Cores(tuple(sorted(numbers)), *kind) for kind, numbers in kinds.items())


def _model(values: Mapping[str, str]) -> str:
    codes = (values.get("cpu implementer", ""), values.get("cpu part", ""))
    return " ".join(values.get("model name", " ".join(codes)).split())
