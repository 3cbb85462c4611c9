"""The sentences of all sources, joined: the shape that hassil reads."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import Any

from assistant.understanding.builtin import HOME_LISTS
from assistant.understanding.sentence_file import SentenceFile, place
from common.errors import GrammarError


@dataclass
class SentenceData:
    """Sentences in the shape of hassil's input dictionary, and where each part came from."""

    language: str
    intents: dict[str, dict[str, Any]] = field(default_factory=dict)
    lists: dict[str, dict[str, Any]] = field(default_factory=dict)
    rules: dict[str, str] = field(default_factory=dict)
    skip_words: list[str] = field(default_factory=list)
    #: See `SentenceFile`.
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    abbreviations: dict[str, str] = field(default_factory=dict)
    #: Place of a definition: ("list" | "rule", name) -> "built in" or FILE:LINE.
    places: dict[tuple[str, str], str] = field(default_factory=dict)
    own_lists: set[str] = field(default_factory=set)

    def as_dict(self) -> dict[str, Any]:
        """hassil's input dictionary, with two keys that hassil passes over."""
        return {
            "language": self.language,
            "intents": self.intents,
            "lists": self.lists,
            "expansion_rules": self.rules,
            "skip_words": self.skip_words,
            "answers": self.answers,
            "abbreviations": self.abbreviations,
        }

    @property
    def digest(self) -> str:
        """A fingerprint of everything that is in it."""
        text = json.dumps(self.as_dict(), sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def copy(self) -> SentenceData:
        """Another one that can be added to; what is in them is shared."""
        return replace(
            self,
            intents=dict(self.intents),
            lists=dict(self.lists),
            rules=dict(self.rules),
            skip_words=list(self.skip_words),
            answers=dict(self.answers),
            abbreviations=dict(self.abbreviations),
            places=dict(self.places),
            own_lists=set(self.own_lists),
        )

    def add(self, file: SentenceFile) -> None:
        """Take over what a file defines; nothing of it if there is a fault.

        Raises:
            GrammarError: a list or a rule is defined already, and otherwise.
        """
        for name, content in file.lists.items():
            if name in HOME_LISTS:
                raise GrammarError(
                    f"{place(file, name)}: the list {name} is filled from the home",
                    hint="give the list another name",
                    code="grammar.duplicate",
                )
            if self.lists.get(name, content) != content:
                self._fail_twice("list", name, file)
        for name, rule in file.rules.items():
            if self.rules.get(name, rule) != rule:
                self._fail_twice("rule", name, file)
        for mine, added in ((self.intents, file.intents), (self.answers, file.answers)):
            for name, intent in added.items():
                known = mine.get(name, {"data": []})
                mine[name] = {"data": [*known["data"], *intent["data"]]}
        self.abbreviations.update(file.abbreviations)
        self.lists.update(file.lists)
        self.rules.update(file.rules)
        self.own_lists.update(str(name) for name in file.lists)
        for kind, names in (("list", file.lists), ("rule", file.rules)):
            for name in names:
                self.places.setdefault((kind, name), place(file, name))
        known_words = set(self.skip_words)
        self.skip_words += [word for word in dict.fromkeys(file.skip_words) if word not in known_words]

    def _fail_twice(self, kind: str, name: str, file: SentenceFile) -> None:
        raise GrammarError(
            f"{place(file, name)}: the {kind} {name} is already defined: {self.places[kind, name]}",
            hint=f"give one {kind} another name",
            code="grammar.duplicate",
        )
