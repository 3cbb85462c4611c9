"""The sentences of all sources, joined: the shape that hassil reads."""

from __future__ import annotations

import hashlib
import json
from copy import deepcopy
from dataclasses import dataclass, field
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
    #: Place of a definition: ("list" | "rule", name) -> "built in" or FILE:LINE.
    places: dict[tuple[str, str], str] = field(default_factory=dict)
    own_lists: set[str] = field(default_factory=set)

    def as_dict(self) -> dict[str, Any]:
        """hassil's input dictionary."""
        return {
            "language": self.language,
            "intents": self.intents,
            "lists": self.lists,
            "expansion_rules": self.rules,
            "skip_words": self.skip_words,
        }

    @property
    def digest(self) -> str:
        """A fingerprint of everything that is in it."""
        text = json.dumps(self.as_dict(), sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def add(self, file: SentenceFile) -> None:
        """Take over what a file defines.

        Raises:
            GrammarError: a list or a rule is defined already, and otherwise.
        """
        for name, intent in file.intents.items():
            self.intents.setdefault(name, {"data": []})
            self.intents[name] = {"data": [*self.intents[name]["data"], *deepcopy(intent["data"])]}
        for name, content in file.lists.items():
            if name in HOME_LISTS:
                raise GrammarError(
                    f"{place(file, name)}: the list {name} is filled from the home",
                    hint="give the list another name",
                    code="grammar.duplicate",
                )
            if self.lists.get(name, content) != content:
                self._fail_twice("list", name, file)
            self.lists[name] = content
            self.own_lists.add(str(name))
            self.places.setdefault(("list", name), place(file, name))
        for name, rule in file.rules.items():
            if self.rules.get(name, rule) != rule:
                self._fail_twice("rule", name, file)
            self.rules[name] = rule
            self.places.setdefault(("rule", name), place(file, name))
        self.skip_words += [word for word in file.skip_words if word not in self.skip_words]

    def _fail_twice(self, kind: str, name: str, file: SentenceFile) -> None:
        raise GrammarError(
            f"{place(file, name)}: the {kind} {name} is already defined: {self.places[kind, name]}",
            hint=f"give one {kind} another name",
            code="grammar.duplicate",
        )
