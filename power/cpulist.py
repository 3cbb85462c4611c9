"""The kernel's lists of processors, such as "0-3,6"."""

from __future__ import annotations

from collections.abc import Iterable

#: More processors than any machine this runs on; a list that names a higher one is damaged.
MOST_CPUS = 1024


def parse(text: str) -> frozenset[int]:
    """Processors of a list as in ``/sys/devices/system/cpu/online`` or, with blanks, in ``affected_cpus``.

    Raises:
        ValueError: it is no such list, or names a processor above `MOST_CPUS`.
    """
    cpus: set[int] = set()
    for part in text.replace(",", " ").split():
        first, dash, last = part.partition("-")
        begin, end = int(first), int(last) if dash else int(first)
        if not 0 <= begin <= end < MOST_CPUS:
            raise ValueError(f"{part!r} is no range of processors")
        cpus.update(range(begin, end + 1))
    return frozenset(cpus)


def render(cpus: Iterable[int]) -> str:
    """The shortest list that names exactly `cpus`."""
    runs: list[list[int]] = []
    for cpu in sorted(set(cpus)):
        if runs and runs[-1][-1] == cpu - 1:
            runs[-1][1:] = [cpu]
        else:
            runs.append([cpu])
    return ",".join("-".join(map(str, run)) for run in runs)
