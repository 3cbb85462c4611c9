"""What a sentence means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from hassil.recognize import RecognizeResult

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
        score: characters of the text that the template itself has, as opposed to its lists.
        by: what understood it.
        probability: that it means this, from 0 to 1; a sentence of the grammar means what it says.
    """

    intent: str
    slots: Mapping[str, Value]
    text: str
    heard: Mapping[str, str] = field(default_factory=dict)
    score: int = 0
    by: By = By.GRAMMAR
    probability: float = 1.0

    @property
    def spoken(self) -> frozenset[str]:
        """The slots that words of the text fill."""
        return frozenset(self.heard)


def parse_of(result: RecognizeResult, plain: str) -> Parse:
    """The meaning of a normalised text that hassil has matched."""
    heard: dict[str, list[str]] = {}
    for entity in result.entities_list:
        if entity.text:
            heard.setdefault(entity.name, []).append(entity.text.strip())
    return Parse(
        intent=str(result.intent.name),
        slots={name: _value(entity.value) for name, entity in result.entities.items()},
        text=plain,
        heard={name: " ".join(texts) for name, texts in heard.items()},
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
