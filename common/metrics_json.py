"""Metrics as JSON, for a bus that carries text."""

from __future__ import annotations

import json
from collections.abc import Iterable

from common.errors import InvalidInput
from common.metrics import Family, Kind, Sample

#: Characters of a text that is read.
MAX_TEXT = 512 * 1024


def to_json(families: Iterable[Family]) -> str:
    """The text: a list of [name, kind, about, [[suffix, [[label, value], ...], number], ...]]."""
    return json.dumps(
        [[f.name, f.kind, f.about, [[s.suffix, s.labels, s.value] for s in f.samples]] for f in families]
    )


def from_json(text: str) -> list[Family]:
    """The metrics in a text.

    Raises:
        InvalidInput: it is too long, or has something else.
    """
    try:
        if len(text) > MAX_TEXT:
            raise ValueError(f"{len(text)} characters; the limit is {MAX_TEXT}")
        return [
            Family(str(name), Kind(kind), str(about), tuple(_sample(*sample) for sample in samples))
            for name, kind, about, samples in json.loads(text)
        ]
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidInput(
            f"these metrics cannot be used: {str(error)[:200]}",
            hint="see common.metrics_json",
            code="metrics.format",
        ) from error


def _sample(suffix: object, labels: list[tuple[object, object]], value: float) -> Sample:
    return Sample(str(suffix), tuple((str(name), str(label)) for name, label in labels), float(value))
