"""The generated part of docs/serving.md: the engines."""

from __future__ import annotations

from assistant.serving.entries import EngineEntry, load_engines
from services.reference.markdown import table


def engines_table() -> str:
    """What each engine is, and what it needs."""
    rows = [
        (f"`{entry.id}`", entry.name, entry.device, " or ".join(entry.packages), entry.version, _needs(entry))
        for entry in load_engines()
    ]
    return table(("id", "engine", "device", "package, one of", "from version", "also needs"), rows)


def _needs(entry: EngineEntry) -> str:
    needs = [f"`lib{library}.so`" for library in entry.libraries]
    if entry.provider and entry.provider != "CPUExecutionProvider":
        needs.append(f"a build of ONNX Runtime with `{entry.provider}`")
    return ", ".join(needs)
