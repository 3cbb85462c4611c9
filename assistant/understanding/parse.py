"""What a sentence means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from hassil.recognize import RecognizeResult

from assistant.understanding.free_text import COMMAND_SLOT

Value = str | int | float | bool


class By(StrEnum):
    """What understood a sentence."""

    GRAMMAR = "grammar"
    SEMANTIC = "semantic"
    MODEL = "model"


@dataclass(frozen=True)
class Parse:
    """What a sentence means.

    Attributes:
        intent: name of the intent.
        slots: values by slot name: those spoken, and those the sentence implies.
        text: the normalised text.
        heard: the words of the text that fill each slot, numbers in digits; none for a slot that the sentence
            implies.
        free: the slots that free text fills, and the first and the last of its words, among those of the text
            with its numbers in digits.
        score: characters of the text that the template itself has, as opposed to its lists.
        by: what understood it.
        probability: that it means this, from 0 to 1; a sentence of the grammar means what it says.
    """

    intent: str
    slots: Mapping[str, Value]
    text: str
    heard: Mapping[str, str] = field(default_factory=dict)
    free: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    score: int = 0
    by: By = By.GRAMMAR
    probability: float = 1.0

    @property
    def spoken(self) -> frozenset[str]:
        """The slots that words of the text fill."""
        return frozenset(self.heard)


def parse_of(result: RecognizeResult, plain: str, canonical: str) -> Parse:
    """The meaning of a text that hassil has matched.

    Args:
        result: of hassil.
        plain: the normalised text.
        canonical: the same as hassil compares it. Where another text was matched, because the words were put
            in another order, nothing is known of the places of free text.
    """
    heard: dict[str, list[str]] = {}
    free: dict[str, tuple[int, int]] = {}
    for entity in result.entities_list:
        if entity.text:
            heard.setdefault(entity.name, []).append(entity.text.strip())
        if entity.is_wildcard and entity.name != COMMAND_SLOT and entity.text_span is not None:
            start, end = entity.text_span
            first = canonical.count(" ", 0, start)
            if canonical[start:end] == entity.text:
                free[entity.name] = (first, first + entity.text.count(" "))
    return Parse(
        intent=str(result.intent.name),
        slots={name: _value(entity.value) for name, entity in result.entities.items()},
        text=plain,
        heard={name: " ".join(texts) for name, texts in heard.items()},
        free=free,
        score=result.text_chunks_matched,
    )


def _value(value: object) -> Value:
    if isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    return str(value).strip()
