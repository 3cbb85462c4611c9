"""Reports for the list in docs/hardware.md: the class of a machine, and nothing about its owner."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from assistant.hardware.ladder import STOPS, Rung
from assistant.hardware.scan import Scan
from assistant.hardware.table import Table, load_table
from common.errors import InvalidInput
from common.files import read_plain
from common.settings_file import fill, read_table
from common.toml_text import toml_lines

FORMAT = 1
MOST_CHARS = 80
_MOST_CORES = 4096
_HEAD = """\
# A report of `sotto hardware report`. It holds no address, serial number or name of a person. Read it before
# you pass it on, and change `machine` if its maker has written more there than the model.
"""
_RUNGS = {rung.label: rung for rung in Rung}
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.,+-]{0,39}")
_KERNEL = re.compile(r"[0-9]{1,3}\.[0-9]{1,3}")
#: What tells one machine from another of its model: MAC and IP addresses, UUIDs, long runs of digits.
_PERSONAL = re.compile(
    r"(?i)\b[0-9a-f]{2}([:-][0-9a-f]{2}){5}\b|\b\d{1,3}(\.\d{1,3}){3}\b|[0-9a-f]{8}-[0-9a-f]{4}-|\d{8}|@"
)
_MODEL_FILES = (
    "sys/firmware/devicetree/base/model",
    "sys/class/dmi/id/sys_vendor",
    "sys/class/dmi/id/product_name",
)


@dataclass(frozen=True)
class ReportedCores:
    """So many cores of one kind; see `assistant.hardware.cpu.Cores`."""

    count: int = 0
    model: str = ""
    features: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReportedAccelerator:
    """An accelerator: id of the table, rung, why no further (a code of `Stop`), driver that is bound."""

    id: str = ""
    rung: str = ""
    stop: str = ""
    driver: str = ""


@dataclass(frozen=True)
class Report:
    """One machine.

    Attributes:
        format: of the file; 1.
        machine: its model as people call it.
        architecture: as in `uname -m`.
        kernel: first two parts of the version.
        cores: by kind.
        accelerator: those found, the CPU among them.
    """

    format: int = 0
    machine: str = ""
    architecture: str = ""
    kernel: str = ""
    cores: tuple[ReportedCores, ...] = ()
    accelerator: tuple[ReportedAccelerator, ...] = ()


def make_report(found: Scan, machine: str = "", root: Path = Path("/")) -> Report:
    """What of a scan goes into a report.

    Args:
        machine: the model; what the firmware says by default.

    Raises:
        InvalidInput: `hardware.report`: `machine`, or what the kernel says, is not fit for a report.
    """
    report = Report(
        format=FORMAT,
        machine=machine or machine_model(root),
        architecture=platform.machine(),
        kernel=".".join(platform.release().split(".")[:2]),
        cores=tuple(ReportedCores(len(each.numbers), each.model, each.features) for each in found.cores),
        accelerator=tuple(
            ReportedAccelerator(a.entry.id, a.standing.rung.label, a.standing.stop.value, a.driver)
            for a in found.accelerators
        ),
    )
    check(report, "this machine's report", load_table())
    return report


def machine_model(root: Path = Path("/")) -> str:
    """The model as the firmware names it (device tree or DMI); "unknown" where it does not."""
    words = []
    for name in _MODEL_FILES:
        try:
            text = read_plain(root / name, 256).decode("utf-8", "replace")
        except OSError:
            continue
        words += [word for word in re.sub(r"[^ -~]", " ", text).split() if word not in words]
    return " ".join(words)[:MOST_CHARS].strip() or "unknown"


def as_toml(report: Report) -> str:
    """The file."""
    values = asdict(report)
    parts = [_HEAD, toml_lines({key: v for key, v in values.items() if key not in ("cores", "accelerator")})]
    for name in ("cores", "accelerator"):
        parts += [f"\n[[{name}]]\n{toml_lines(table)}" for table in values[name]]
    return "".join(parts)


def read_report(path: Path, table: Table | None = None) -> Report:
    """A report from its file.

    Raises:
        InvalidInput: it cannot be read, an unknown key, or a value that no report has; with file and key.
    """
    report: Report = fill(Report, read_table(path), path)
    check(report, str(path), load_table() if table is None else table)
    return report


def check(report: Report, source: str, table: Table) -> None:
    """Whether a report could have been made by Sotto, and holds nothing about a person.

    Raises:
        InvalidInput: `hardware.report`, with `source` and the key.
    """
    if report.format != FORMAT:
        raise _malformed(source, "format", f"is {report.format}, not {FORMAT}")
    _check_text(source, "machine", report.machine)
    _check_pattern(source, "architecture", report.architecture, _WORD)
    _check_pattern(source, "kernel", report.kernel, _KERNEL)
    if not report.cores:
        raise _malformed(source, "cores", "is missing")
    for cores in report.cores:
        if not 1 <= cores.count <= _MOST_CORES:
            raise _malformed(source, "cores.count", f"is {cores.count}, not 1 to {_MOST_CORES}")
        if cores.model:
            _check_text(source, "cores.model", cores.model)
        _check_known(source, "cores.features", cores.features, table.features)
    for each in report.accelerator:
        _check_known(source, "accelerator.id", [each.id], [entry.id for entry in table.accelerator])
        _check_known(source, "accelerator.rung", [each.rung], _RUNGS)
        _check_known(
            source, "accelerator.stop", [each.stop], [stop.value for stop in STOPS[_RUNGS[each.rung]]]
        )
        if each.driver:
            _check_pattern(source, "accelerator.driver", each.driver, _WORD)


def _check_text(source: str, key: str, value: str) -> None:
    if not 1 <= len(value) <= MOST_CHARS or not value.isascii() or not value.isprintable():
        raise _malformed(source, key, f"is not a text of 1 to {MOST_CHARS} printable ASCII characters")
    if _PERSONAL.search(value):
        raise _malformed(source, key, f"{value!r} holds an address or a serial number")


def _check_pattern(source: str, key: str, value: str, pattern: re.Pattern[str]) -> None:
    if not pattern.fullmatch(value):
        raise _malformed(source, key, f"{value[:MOST_CHARS]!r} is not of the form {pattern.pattern}")


def _check_known(source: str, key: str, values: Iterable[str], known: Iterable[str]) -> None:
    names = list(known)
    unknown = [value for value in values if value not in names]
    if unknown:
        raise _malformed(source, key, f"{unknown[0][:MOST_CHARS]!r} is none of {', '.join(names)}")


def _malformed(source: str, key: str, why: str) -> InvalidInput:
    return InvalidInput(
        f"{source}: {key} {why}",
        hint="make it anew with `sotto hardware report`; --machine names the model if need be",
        code="hardware.report",
    )
