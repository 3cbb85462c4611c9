"""Metrics as text: Prometheus' text exposition format, version 0.0.4.

Source: prometheus.io/docs/instrumenting/exposition_formats. Lines end with a line feed. All samples of a
metric stand together behind its HELP and its TYPE line. Backslash and line feed are escaped, in the values of
labels quotes too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from common.metrics import Family, Sample, number

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def render(families: Iterable[Family]) -> str:
    """The text.

    Args:
        families: at most one of a name, see `merged`.
    """
    return "".join(f"{line}\n" for family in families for line in _lines(family))


def labelled(family: Family, name: str, value: str) -> Family:
    """`family` with one more label, in front of the others; one of that name that was there is replaced."""
    samples = tuple(
        replace(sample, labels=((name, value), *(pair for pair in sample.labels if pair[0] != name)))
        for sample in family.samples
    )
    return replace(family, samples=samples)


def merged(families: Iterable[Family]) -> list[Family]:
    """One family of each name, by name: the format allows no second one.

    Of several samples with the same labels the first is kept. A family whose kind is not that of the first
    one of its name is left out.
    """
    first: dict[str, Family] = {}
    samples: dict[str, dict[tuple[str, tuple[tuple[str, str], ...]], Sample]] = {}
    for family in families:
        if first.setdefault(family.name, family).kind is family.kind:
            known = samples.setdefault(family.name, {})
            for sample in family.samples:
                known.setdefault((sample.suffix, tuple(sorted(sample.labels))), sample)
    return [replace(family, samples=tuple(samples[name].values())) for name, family in sorted(first.items())]


def _lines(family: Family) -> Iterator[str]:
    yield f"# HELP {family.name} {_escaped(family.about)}"
    yield f"# TYPE {family.name} {family.kind}"
    for sample in family.samples:
        labels = ",".join(f'{name}="{_quoted(value)}"' for name, value in sample.labels)
        yield f"{family.name}{sample.suffix}{f'{{{labels}}}' if labels else ''} {number(sample.value)}"


def _escaped(text: str) -> str:
    # Lone surrogates cannot be encoded.
    return text.encode("utf-8", "replace").decode().replace("\\", r"\\").replace("\n", r"\n")


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', r"\"")
