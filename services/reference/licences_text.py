"""The table of models in docs/licences.md, from the catalogue."""

from __future__ import annotations

from assistant.models.catalogue import CATALOGUE, ModelEntry
from services.reference.markdown import table

#: SPDX identifier -> what whoever passes a file on must do. Read the licence before you add a line.
_DUTIES = {
    "Apache-2.0": "keep the licence text",
    "BSD-2-Clause": "keep the notice",
    "BSD-3-Clause": "keep the notice",
    "CC0-1.0": "nothing by the licence",
    "MIT": "keep the notice",
}
_UNKNOWN = "read the licence"


def models_table() -> str:
    """Each model, its licence, and what follows."""
    return table(
        ("model", "licence", "what follows"),
        [(entry.name, entry.licence, _follows(entry)) for entry in CATALOGUE],
    )


def _follows(entry: ModelEntry) -> str:
    parts = [_DUTIES.get(entry.licence, _UNKNOWN), entry.note]
    if entry.optional:
        parts.append("optional, not in the image")
    return "; ".join(part for part in parts if part)
