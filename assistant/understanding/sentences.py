"""All sentences of a device: the built-in ones, and those of the owner's own files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import home_assistant_intents
from hassil.expression import Expression, ListReference, RuleReference, Sentence

from assistant.understanding.builtin import HOME_LISTS, BuiltinBlocks
from assistant.understanding.expressions import fewest_words, list_references, references
from assistant.understanding.grammar import Grammar
from assistant.understanding.names import HomeNames
from assistant.understanding.sentence_file import (
    SentenceFile,
    parse_template,
    read_sentence_file,
)
from common.errors import GrammarError, InvalidInput, NotFound, TooLarge

MAX_FILES = 200
MAX_TEMPLATES = 20_000
#: Parts of a rule with all rules in it written out; real ones have a hundred.
MAX_RULE_PARTS = 10_000


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


@dataclass(frozen=True)
class SentenceSource:
    """Where sentences come from.

    Attributes:
        language: a language of home-assistant-intents, such as "en" or "pt-BR".
        builtin: whether its sentences are used.
        directories: folders of own sentence files (`*.yaml`, `*.yml`), in this order.
        supported: the built-in intents that something answers; all others are left out.
    """

    language: str
    builtin: bool
    directories: tuple[Path, ...]
    supported: frozenset[str]

    def load(self, home: HomeNames) -> SentenceData:
        """All sentences, checked as a whole.

        Built-in sentences about a kind of device that the home has not are left out, and those that
        are nothing but a name.

        Raises:
            InvalidInput: unknown language.
            NotFound: a directory is missing.
            TooLarge: too many files or sentences, or a file too large.
            GrammarError: a fault in a file, something defined twice, or something not defined.
        """
        data = SentenceData(self.language)
        raw = home_assistant_intents.get_intents(self.language)
        if raw is None:
            known = ", ".join(sorted(home_assistant_intents.get_languages()))
            raise InvalidInput(
                f"there are no sentences in the language {self.language!r}",
                hint=f"known languages: {known}",
                code="grammar.language",
            )
        if self.builtin:
            self._add_builtin(data, raw, {device.domain for device in home.devices})
        files = [file for path in self.files() if (file := self._read(path))]
        for file in files:
            _add_file(data, file)
        _check_rules(data)
        count = sum(_check_file(data, file) for file in files)
        if count > MAX_TEMPLATES:
            raise TooLarge(f"{count} sentences are above the limit of {MAX_TEMPLATES}")
        return data

    def files(self) -> list[Path]:
        """The sentence files of all directories, by name within each."""
        found: list[Path] = []
        for directory in self.directories:
            if not directory.is_dir():
                raise NotFound(
                    f"there is no directory of sentences {directory}",
                    hint="make it, or take it out of the settings",
                    code="grammar.no-directory",
                )
            found += sorted(path for path in directory.iterdir() if path.suffix in {".yaml", ".yml"})
        if len(found) > MAX_FILES:
            raise TooLarge(f"{len(found)} sentence files are above the limit of {MAX_FILES}")
        return found

    def _read(self, path: Path) -> SentenceFile | None:
        return read_sentence_file(path, self.language)

    def _add_builtin(self, data: SentenceData, raw: dict[str, Any], domains: set[str]) -> None:
        chosen = BuiltinBlocks(domains, raw.get("expansion_rules", {}))
        for name, intent in raw["intents"].items():
            if name in self.supported and (blocks := chosen.choose(intent["data"])):
                data.intents[name] = {"data": blocks}
        data.lists.update(raw.get("lists", {}))
        data.rules.update(raw.get("expansion_rules", {}))
        data.skip_words += raw.get("skip_words", [])
        data.places.update({("list", name): "built in" for name in data.lists})
        data.places.update({("rule", name): "built in" for name in data.rules})


def build_grammar(
    language: str,
    builtin: bool,
    directories: Sequence[Path],
    home: HomeNames,
    supported: frozenset[str],
    here: str | None = None,
) -> Grammar:
    """The grammar of a device, ready to parse (0.3 to 0.6 s for a home).

    Args:
        language: language of the sentences.
        builtin: whether to use the sentences of home-assistant-intents.
        directories: folders of own sentence files.
        home: the names that can be spoken.
        supported: built-in intents to take.
        here: value of the area the device stands in; with it "turn on the lights" means that area.

    Raises:
        InvalidInput, NotFound, TooLarge, GrammarError: as `SentenceSource.load`.
    """
    source = SentenceSource(language, builtin, tuple(directories), supported)
    data = source.load(home)
    key = hashlib.sha256(f"{data.digest} {home!r} {here!r}".encode()).hexdigest()
    own_lists = frozenset(data.own_lists)
    return Grammar(data.as_dict(), home, here=here, own_lists=own_lists, key=key)


def _add_file(data: SentenceData, file: SentenceFile) -> None:
    for name, intent in file.intents.items():
        data.intents.setdefault(name, {"data": []})
        data.intents[name] = {"data": [*data.intents[name]["data"], *deepcopy(intent["data"])]}
    for name, content in file.lists.items():
        if name in HOME_LISTS:
            raise GrammarError(
                f"{_place(file, name)}: the list {name} is filled from the home",
                hint="give the list another name",
                code="grammar.duplicate",
            )
        if data.lists.get(name, content) != content:
            _fail_twice(data, "list", name, file)
        data.lists[name] = content
        data.own_lists.add(str(name))
        data.places.setdefault(("list", name), _place(file, name))
    for name, rule in file.rules.items():
        if data.rules.get(name, rule) != rule:
            _fail_twice(data, "rule", name, file)
        data.rules[name] = rule
        data.places.setdefault(("rule", name), _place(file, name))
    data.skip_words += [word for word in file.skip_words if word not in data.skip_words]


def _fail_twice(data: SentenceData, kind: str, name: str, file: SentenceFile) -> None:
    raise GrammarError(
        f"{_place(file, name)}: the {kind} {name} is already defined: {data.places[kind, name]}",
        hint=f"give one {kind} another name",
        code="grammar.duplicate",
    )


def _place(file: SentenceFile, text: str) -> str:
    return f"{file.path}:{getattr(text, 'line', 0)}"


def _check_rules(data: SentenceData) -> None:
    """No rule may lead back to itself or grow without measure; hassil would follow it for ever."""
    parts: dict[str, int] = {}

    def fail(name: str, message: str, code: str) -> NoReturn:
        raise GrammarError(f"{data.places['rule', name]}: {message}", code=code)

    def count(name: str, path: tuple[str, ...]) -> int:
        if name in path:
            loop = " -> ".join([*path[path.index(name) :], name])
            fail(name, f"the rules lead in a circle: {loop}", "grammar.recursive")
        if name not in parts and name in data.rules:
            expression = parse_template(data.rules[name])
            used = [part.rule_name for part in references(expression) if isinstance(part, RuleReference)]
            parts[name] = 1 + len(data.rules[name]) // 4
            parts[name] += sum(count(inner, (*path, name)) for inner in used)
            if parts[name] > MAX_RULE_PARTS:
                fail(name, f"the rule {name} is too large with all its rules", "grammar.large-rule")
        return parts.get(name, 0)

    for name in data.rules:
        count(name, ())


def _check_file(data: SentenceData, file: SentenceFile) -> int:
    """Everything that a file refers to must be defined; returns its number of templates."""
    for name, rule in file.rules.items():
        _check_references(parse_template(rule), data, {}, {}, _place(file, name))
    for name, content in file.lists.items():
        for value in content.get("values", ()):
            _check_references(parse_template(value["in"]), data, {}, {}, _place(file, name))
    rules = {name: Sentence(parse_template(body)) for name, body in data.rules.items()}
    count = 0
    for intent in file.intents.values():
        for block in intent["data"]:
            own = {name: Sentence(parse_template(body)) for name, body in block["expansion_rules"].items()}
            lists = {**data.lists, **block["lists"]}
            free = {name for name, content in lists.items() if content.get("wildcard")}
            for text in block["sentences"]:
                expression, place = parse_template(text), _place(file, text)
                _check_references(expression, data, block["lists"], own, place)
                _check_anchored(expression, {**rules, **own}, free, place)
                count += 1
    return count


def _check_anchored(
    expression: Expression, rules: Mapping[str, Sentence], free: set[str], place: str
) -> None:
    used = {ref.list_name for ref in list_references(expression, rules)}
    if used & free and not fewest_words(expression, rules, free):
        raise GrammarError(
            f"{place}: a sentence of nothing but a wildcard would match anything",
            hint="give it at least one word of its own",
            code="grammar.only-wildcard",
        )


def _check_references(
    expression: Expression,
    data: SentenceData,
    lists: Mapping[str, Any],
    rules: Mapping[str, Any],
    place: str,
) -> None:
    for part in references(expression):
        if isinstance(part, ListReference):
            name, kind = part.list_name, "list"
            known = name in data.lists or name in lists or name in HOME_LISTS
            known = known or part.is_inline_range
        else:
            name, kind = part.rule_name, "rule"
            known = name in data.rules or name in rules
        if not known:
            raise GrammarError(
                f"{place}: there is no {kind} {name}",
                hint=f"define it, or correct the name of the {kind}",
                code="grammar.missing",
            )
