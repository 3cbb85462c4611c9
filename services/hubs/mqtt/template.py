"""The templates that devices write into their discovery payloads, as far as they pick and round values. Pure.

Home Assistant evaluates whole Jinja programs there. A program out of a stranger's message is not run here:
what is no plain choice of a value is refused, and its entity is left out with that reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_MAX_TEMPLATE = 500
_MAX_STEPS = 8

_VALUE = re.compile(
    r"\{\{-?\s*(?P<root>value_json|value)(?P<path>[^|{}]*)(?P<filters>(?:\|[^|{}]*)*)\s*-?\}\}"
)
_STEP = re.compile(r"""\.(?P<name>\w+)|\[\s*(?:'(?P<one>[^']*)'|"(?P<two>[^"]*)"|(?P<index>\d{1,4}))\s*\]""")
_FILTER = re.compile(r"(?P<name>\w+)(?:\(\s*(?P<value>[\w.'\"-]*)\s*\))?")
_FILTERS = frozenset({"float", "int", "round", "lower", "upper", "is_defined", "default", "trim", "string"})
_HOLE = re.compile(r"\{\{-?\s*(\w+)\s*(?:\|\s*(?:int|float|round)\s*(?:\(\s*0?\s*\))?\s*)?-?\}\}")


class UnsupportedTemplateError(ValueError):
    """It does more than pick a value."""


class Payload:
    """What came on a topic: its text, and as JSON where it is. Bytes that are no text count as none."""

    def __init__(self, data: bytes) -> None:
        self.text = data.decode("utf-8", "replace")
        self._json: Any = None
        self._parsed = False

    @property
    def json(self) -> Any:
        """The JSON value; None where it is none."""
        if not self._parsed:
            self._parsed = True
            try:
                self._json = json.loads(self.text)
            except (ValueError, RecursionError):
                self._json = None
        return self._json


@dataclass(frozen=True)
class Template:
    """Picks a value out of a payload.

    Attributes:
        whole: the payload's text itself is the value, if `path` is empty and it is not read as JSON.
        path: keys and indices into the JSON value.
        filters: names, with what stands between their brackets.
    """

    whole: bool = True
    path: tuple[str | int, ...] = ()
    filters: tuple[tuple[str, str], ...] = ()

    def of(self, payload: Payload) -> str | None:
        """The value as Home Assistant would write it, null as "None"; None where it is not there."""
        value: Any = payload.text if self.whole else payload.json
        try:
            for step in self.path:
                value = _at(value, step)
        except LookupError:
            return self._kept(None)
        return "None" if value is None and self.path else self._kept(value)

    def _kept(self, value: Any) -> str | None:
        for name, argument in self.filters:
            value = _filtered(value, name, argument)
        return None if value is None else str(value)


def _at(value: Any, step: str | int) -> Any:
    if isinstance(value, Mapping) if isinstance(step, str) else isinstance(value, list):
        return value[step]
    raise LookupError(step)


AS_IT_IS = Template()


def parse(text: str) -> Template:
    """The template that `text` is; an empty one takes the payload as it is.

    Raises:
        UnsupportedTemplateError: it does more than pick a value.
    """
    if not text.strip():
        return AS_IT_IS
    found = _VALUE.fullmatch(text.strip()) if len(text) <= _MAX_TEMPLATE else None
    if found is None:
        raise UnsupportedTemplateError(f"its template does more than pick a value: {text[:60]!r}")
    return Template(found["root"] == "value", _path(found["path"].strip()), _filters(found["filters"]))


def _path(text: str) -> tuple[str | int, ...]:
    steps: list[str | int] = []
    while text:
        found = _STEP.match(text)
        if found is None or len(steps) == _MAX_STEPS:
            raise UnsupportedTemplateError(f"its template does more than pick a value: {text[:60]!r}")
        index = found["index"]
        steps.append(int(index) if index is not None else found["name"] or found["one"] or found["two"] or "")
        text = text[found.end() :].lstrip()
    return tuple(steps)


def _filters(text: str) -> tuple[tuple[str, str], ...]:
    found = []
    for part in text.split("|")[1:]:
        match = _FILTER.fullmatch(part.strip())
        if match is None or match["name"] not in _FILTERS:
            raise UnsupportedTemplateError(f"its template has the filter {part.strip()[:40]!r}")
        found.append((match["name"], (match["value"] or "").strip("'\"")))
    return tuple(found)


def _filtered(value: Any, name: str, argument: str) -> Any:
    if name == "default":
        return argument if value is None else value
    if value is None:
        return (argument or None) if name in ("float", "int") else None
    match name:
        case "float" | "int" | "round":
            try:
                plain = float(value)
                if name == "float":
                    return plain
                return round(plain, int(argument or 0)) if name == "round" and argument else round(plain)
            except (TypeError, ValueError, OverflowError):
                return argument or None
        case "lower":
            return str(value).lower()
        case "upper":
            return str(value).upper()
        case "trim":
            return str(value).strip()
        case _:
            return value


def fill(text: str, value: str, **others: str) -> str:
    """A payload to be sent: `text` with `value` where its template names one; without a template, `value`.

    Args:
        text: the template.
        value: goes where any name stands, but those of `others`.
        others: further values, by the name that the template has for each.

    Raises:
        UnsupportedTemplateError: it does more than that.
    """
    if not text.strip():
        return value
    if len(text) > _MAX_TEMPLATE or "{%" in text:
        raise UnsupportedTemplateError(f"its template does more than name a value: {text[:60]!r}")
    filled = _HOLE.sub(lambda hole: others.get(hole[1], value), text)
    if "{{" in filled or "}}" in filled.replace(value, ""):
        raise UnsupportedTemplateError(f"its template does more than name a value: {text[:60]!r}")
    return filled
