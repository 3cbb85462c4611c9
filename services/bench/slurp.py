"""The sentences of SLURP, and whether one was understood as it was meant (the mapping is in `slurp.toml`)."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from assistant.models.catalogue import DEFAULT_LANGUAGE
from assistant.understanding.blocks import canonical
from assistant.understanding.normalise import normalise
from assistant.understanding.numerals import numerals
from assistant.understanding.parse import Parse
from common.errors import InvalidInput, NotFound
from common.files import read_bounded

#: Name of the file in the folder of sentences.
FILE = "slurp-devel.jsonl"
FOLDS = 5

_MAX_BYTES = 50_000_000
_VALUE = re.compile(r"\[(\w+) : ([^\]]+)\]")


@dataclass(frozen=True)
class Sentence:
    """One sentence with what it was meant for.

    Attributes:
        text: as it was typed.
        intent: SLURP's name with its scenario before it, as "alarm_set".
        scenario: "alarm".
        values: (kind, words) of each value in it.
    """

    text: str
    intent: str
    scenario: str
    values: tuple[tuple[str, str], ...] = ()

    @property
    def fold(self) -> int:
        """Of five parts of all sentences the one that it is in, by its text alone."""
        return int.from_bytes(sha256(self.text.encode()).digest()[:4], "big") % FOLDS


@dataclass(frozen=True)
class Meanings:
    """`slurp.toml`."""

    scenarios: frozenset[str]
    more_intents: frozenset[str]
    intents: Mapping[str, frozenset[str]]
    slots: Mapping[str, frozenset[str]]
    passed_over: frozenset[str]

    def is_for_the_box(self, sentence: Sentence) -> bool:
        """Whether the box has the function that a sentence asks for."""
        return sentence.scenario in self.scenarios or sentence.intent in self.more_intents

    def intent_is_right(self, sentence: Sentence, parse: Parse | None) -> bool:
        """Whether a meaning does what the sentence asks for."""
        return parse is not None and parse.intent in self.intents.get(sentence.intent, ())

    def values_are_right(self, sentence: Sentence, parse: Parse) -> bool:
        """Whether the words of every value fill slots that may hold such a value."""
        return all(self._is_held(kind, words, parse.heard) for kind, words in sentence.values)

    def _is_held(self, kind: str, words: str, heard: Mapping[str, str]) -> bool:
        slots = self.slots.get(kind)
        held = {
            word for slot, text in heard.items() if slots is None or slot in slots for word in _words(text)
        }
        return set(_words(words)) - self.passed_over <= held


@lru_cache(maxsize=1)
def meanings() -> Meanings:
    """The content of `slurp.toml`, read once."""
    content = tomllib.loads(files("services.bench").joinpath("slurp.toml").read_text("utf-8"))
    return Meanings(
        frozenset(content["functions"]["scenarios"]),
        frozenset(content["functions"]["intents"]),
        {name: frozenset(intents) for name, intents in content["intents"].items()},
        {kind: frozenset(slots) for kind, slots in content["slots"].items()},
        frozenset(content["passed_over"]["words"]),
    )


def read_sentences(folder: Path) -> list[Sentence]:
    """The sentences of a folder.

    Raises:
        NotFound: `bench.no-sentences`, the folder has none.
        TooLarge, StorageError: as `read_bounded`.
        InvalidInput: `bench.sentences`, the file is not what it should be.
    """
    path = folder / FILE
    content = read_bounded(path, _MAX_BYTES)
    if content is None:
        raise NotFound(
            f"there are no sentences of SLURP at {path}",
            hint="name their folder with --text DIR, or set SOTTO_TEXT",
            code="bench.no-sentences",
        )
    try:
        lines = content.decode("utf-8").splitlines()
        return [_sentence(json.loads(line)) for line in lines if line.strip()]
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInput(
            f"{path} cannot be used: {error}",
            hint="a line is a JSON object with sentence, intent, scenario and annotation",
            code="bench.sentences",
        ) from error


def _sentence(entry: Mapping[str, object]) -> Sentence:
    intent, scenario = str(entry["intent"]), str(entry["scenario"])
    if not intent.startswith(f"{scenario}_"):  # a few have only the second part
        intent = f"{scenario}_{intent}"
    values = tuple((kind, words) for kind, words in _VALUE.findall(str(entry["annotation"])))
    return Sentence(str(entry["sentence"]), intent, scenario, values)


def _words(text: str) -> list[str]:
    return canonical(normalise(text), numerals(DEFAULT_LANGUAGE)).split()
