"""`sotto hardware [show | watch | report]`: accelerators and CPU features of this machine."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from assistant.hardware.follow import AcceleratorWatch, Change
from assistant.hardware.report import as_toml, machine_model, make_report
from assistant.hardware.scan import Accelerator, Scan, scan
from common.errors import StorageError
from common.files import replace_file


def hardware(options: argparse.Namespace) -> int:
    """Look at the hardware; needs no running assistant.

    Raises:
        SottoError: devices cannot be listed, or the report cannot be written.
    """
    match options.action:
        case "watch":
            AcceleratorWatch(lambda change: print(_changed(change, options.json), flush=True)).run()
        case "report":
            _report(options.out, options.machine)
        case _:
            found = scan()
            print(json.dumps(as_json(found)) if options.json else described(found))
    return 0


def described(found: Scan) -> str:
    """A scan in a few lines."""
    lines = [f"machine  {machine_model()}"]
    for cores in found.cores:
        lines.append(
            f"cores    {len(cores.numbers)} of {cores.model or 'unknown model'}: {_list(cores.features)}"
        )
    for each in found.accelerators:
        lines.append(f"{_title(each)}: {each.standing.rung.label}")
        lines.append(f"         {each.standing.reason}")
    lines += [f"problem  {problem}" for problem in found.problems]
    return "\n".join(lines)


def as_json(found: Scan) -> dict[str, Any]:
    """A scan as one object."""
    cores = [{"cpus": c.numbers, "model": c.model, "features": c.features} for c in found.cores]
    return {
        "machine": machine_model(),
        "cores": cores,
        "accelerators": [_as_json(each) for each in found.accelerators],
        "problems": found.problems,
    }


def _report(path: Path, machine: str) -> None:
    text = as_toml(make_report(scan(), machine))
    try:
        replace_file(path, text.encode())
    except OSError as error:
        raise StorageError(
            f"{path} could not be written: {error.strerror or error}",
            hint="name another file with --out",
            code="hardware.write",
        ) from error
    print(text + f"\nsotto: written to {path}; read it before you pass it on")


def _as_json(each: Accelerator) -> dict[str, Any]:
    return {
        "id": each.entry.id,
        "name": each.entry.name,
        "kind": each.entry.kind,
        "place": each.place,
        "driver": each.driver,
        "nodes": {opening.node: opening.outcome.value for opening in each.openings},
        "runtimes": each.runtimes,
        "rung": each.standing.rung.label,
        "stop": each.standing.stop.value,
        "reason": each.standing.reason,
    }


def _changed(change: Change, in_json: bool) -> str:
    each = change.accelerator
    if in_json:
        return json.dumps({"change": change.what, **_as_json(each)})
    return f"{change.what:<8} {_title(each)}: {each.standing.rung.label}, {each.standing.reason}"


def _title(each: Accelerator) -> str:
    place = f" at {each.place}" if each.place else ""
    return f"{each.entry.kind:<8} {each.entry.name}{place}"


def _list(words: tuple[str, ...]) -> str:
    return ", ".join(words) or "none of the features that Sotto names"
