"""One file of hassil sentences: read, checked, and every fault named by file and line."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from hassil.intents import Intents

from assistant.understanding.limits import (
    MAX_NAME_CHARS,
    MAX_NODES,
    MAX_SKIP_WORD_CHARS,
    MAX_WILDCARD_WORDS,
)
from assistant.understanding.normalise import normalise
from assistant.understanding.template_text import check_range, parse_template
from assistant.understanding.yaml_text import read_yaml
from common.errors import GrammarError

#: What a file says of the box's own replies; `assistant.skills.replies` reads it.
REPLY_KEYS = ("replies", "words", "errors")
_FILE_KEYS = frozenset(
    [
        "language",
        "intents",
        "answers",
        "lists",
        "expansion_rules",
        "skip_words",
        "abbreviations",
        "settings",
        "responses",
        *REPLY_KEYS,
    ]
)
_BLOCK_KEYS = frozenset(
    [
        "sentences",
        "slots",
        "lists",
        "expansion_rules",
        "requires_context",
        "excludes_context",
        "response",
        "metadata",
        "required_keywords",
        "settings",
        "name_domains",
        "inferred_domain",
    ]
)
_LIST_KINDS = ("values", "range", "wildcard")
#: Characters of a message about a file, which may quote it.
_MAX_MESSAGE = 500


@dataclass(frozen=True)
class SentenceFile:
    """What a file defines, in the shape of hassil's input dictionary.

    Attributes:
        path: of the file.
        intents, lists, rules, skip_words: what is said to the box.
        answers: what is said in answer to its questions, by the kind of answer; only while one is open.
        abbreviations: what is typed behind a number, and the word that it stands for.
        spoken: what the box says: those mappings of `REPLY_KEYS` that the file has. Their keys and texts know
            their lines.
        nodes: keys and values of the file, see `YamlFile`.
    """

    path: Path
    intents: Mapping[str, dict[str, Any]]
    lists: Mapping[str, dict[str, Any]]
    rules: Mapping[str, str]
    skip_words: tuple[str, ...]
    answers: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    abbreviations: Mapping[str, str] = field(default_factory=dict)
    spoken: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    nodes: int = 0


def read_sentence_file(path: Path, language: str, most_nodes: int = MAX_NODES) -> SentenceFile | None:
    """A checked sentence file; None where it is written in another language.

    Raises:
        GrammarError: a fault in the file; the message begins with "FILE:LINE:".
        NotFound, TooLarge: as `read_yaml`.
    """
    return _Reader(path).read(language, most_nodes)


def place(file: SentenceFile, text: str) -> str:
    """Where a text or a key of a file stands: "FILE:LINE"."""
    return f"{file.path}:{getattr(text, 'line', 0)}"


class _Reader:
    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, language: str, most_nodes: int) -> SentenceFile | None:
        yaml = read_yaml(self.path, most_nodes)
        content = self.mapping(yaml.content, "the file", None, _FILE_KEYS)
        if str(content.get("language", language)) != language:
            return None
        return SentenceFile(
            path=self.path,
            intents=self.intents(content.get("intents"), "intents"),
            answers=self.intents(content.get("answers"), "answers"),
            abbreviations=self.abbreviations(content.get("abbreviations")),
            lists=self.lists(content.get("lists")),
            rules=self.rules(content.get("expansion_rules")),
            skip_words=self.skip_words(content.get("skip_words")),
            spoken={key: self.mapping(content[key], f"`{key}`", key) for key in REPLY_KEYS if key in content},
            nodes=yaml.nodes,
        )

    def intents(self, value: object, key: str) -> dict[str, dict[str, Any]]:
        found = self.mapping(value, key, None)
        return {name: self.intent(name, content) for name, content in found.items()}

    def abbreviations(self, value: object) -> dict[str, str]:
        found = self.mapping(value, "abbreviations", None)
        for name, word in found.items():
            if not isinstance(word, str):
                self.fail(name, f"the abbreviation {name} does not stand for a text")
        return {str(name): str(word) for name, word in found.items()}

    def intent(self, name: str, value: object) -> dict[str, Any]:
        self.name(name, "intent")
        content = self.mapping(value, f"intent {name}", name)
        blocks = content.get("data")
        if not isinstance(blocks, list) or not blocks:
            self.fail(name, f"intent {name} needs a list `data` of blocks of sentences")
        return {"data": [self.block(name, block) for block in blocks]}

    def block(self, intent: str, value: object) -> dict[str, Any]:
        """A block with the keys that are used; others only tell Home Assistant or hassil what to do."""
        block = self.mapping(value, f"a block of {intent}", intent, _BLOCK_KEYS)
        sentences = self.texts(block.get("sentences"), f"`sentences` of {intent}", intent)
        if not sentences:
            self.fail(intent, f"a block of {intent} has no `sentences`")
        for text in sentences:
            self.template(text, text)
        return {
            "sentences": sentences,
            "lists": self.lists(block.get("lists")),
            "expansion_rules": self.rules(block.get("expansion_rules")),
            "slots": dict(self.mapping(block.get("slots"), f"`slots` of {intent}", intent)),
            "requires_context": self.context(block, "requires_context", intent),
            "excludes_context": self.context(block, "excludes_context", intent),
        }

    def context(self, block: Mapping[str, Any], key: str, near: object) -> dict[str, Any]:
        """Values that the context must have, or must not have: one, one of a list, or {value, slot}."""
        found = self.mapping(block.get(key), f"`{key}`", near)
        for name, wanted in found.items():
            value = wanted.get("value") if isinstance(wanted, dict) else wanted
            if any(isinstance(item, dict | list) for item in (value if isinstance(value, list) else [value])):
                self.fail(name, f"`{key}`: {name} needs a value, or a list of values")
        return dict(found)

    def skip_words(self, value: object) -> tuple[str, ...]:
        words = self.texts(value, "skip_words", None)
        for word in words:
            if len(word) > MAX_SKIP_WORD_CHARS or not normalise(word):
                self.fail(word, f"a skip word has at most {MAX_SKIP_WORD_CHARS} characters, and a letter")
        return tuple(words)

    def rules(self, value: object) -> dict[str, str]:
        rules = self.mapping(value, "expansion_rules", None)
        for name, body in rules.items():
            self.name(name, "rule")
            if not isinstance(body, str):
                self.fail(name, f"the rule {name} is not a text")
            self.template(body, name)
        return dict(rules)

    def lists(self, value: object) -> dict[str, dict[str, Any]]:
        found = self.mapping(value, "lists", None)
        return {name: self.slot_list(name, content) for name, content in found.items()}

    def slot_list(self, name: str, value: object) -> dict[str, Any]:
        self.name(name, "list")
        content = self.mapping(value, f"the list {name}", name)
        kinds = [kind for kind in _LIST_KINDS if kind in content]
        if len(kinds) != 1 or (kinds == ["wildcard"] and content["wildcard"] is not True):
            self.fail(name, f"the list {name} needs one of: values, range, wildcard: true")
        if kinds == ["values"]:
            if not isinstance(content["values"], list):
                self.fail(name, f"`values` of the list {name} is not a list")
            return {"values": [self.list_value(name, item) for item in content["values"]]}
        if kinds == ["range"]:
            return {"range": self.number_range(name, content["range"])}
        return self.wildcard(name, content)

    def wildcard(self, name: str, content: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {"wildcard": True}
        if "words" in content:
            words, most = content["words"], MAX_WILDCARD_WORDS
            if not isinstance(words, int) or isinstance(words, bool) or not 1 <= words <= most:
                self.fail(name, f"`words` of the list {name} is a whole number from 1 to {most}")
            found["words"] = words
        if "without" in content:
            found["without"] = self.texts(content["without"], f"`without` of the list {name}", name)
        return found

    def list_value(self, name: str, value: object) -> dict[str, Any]:
        item: dict[str, Any] = value if isinstance(value, dict) else {"in": value, "out": value}
        text = item.get("in")
        if isinstance(text, bool) or not isinstance(text, str | int | float):
            self.fail(name, f"a value of the list {name} is not a text; put it in quotes")
        if not str(text).strip():
            self.fail(text if isinstance(text, str) else name, f"an empty value in the list {name}")
        self.template(str(text), text if isinstance(text, str) else name)
        plain = not any(sign in str(text) for sign in "[](){}<>|")
        result = {key: item[key] for key in ("out", "context") if key in item} | {"in": str(text)}
        if not plain and not isinstance(value, dict):
            del result["out"]
        elif isinstance(result.get("out"), str):
            result["out"] = str(result["out"])
        if "context" in result:
            result["context"] = self.context(item, "context", name)
        return result

    def number_range(self, name: str, value: object) -> dict[str, Any]:
        content = self.mapping(value, f"`range` of the list {name}", name)
        bounds = [content.get("from"), content.get("to"), content.get("step", 1)]
        if not all(isinstance(bound, int) and not isinstance(bound, bool) for bound in bounds):
            self.fail(name, f"the list {name}: `from`, `to` and `step` are whole numbers")
        first, last, step = (int(str(bound)) for bound in bounds)
        if first > last or step < 1:
            self.fail(name, f"the list {name}: `from` is at most `to`, and `step` at least 1")
        try:
            check_range(first, last, step)
            Intents.from_dict({"language": "en", "intents": {}, "lists": {name: {"range": content}}})
        except (ValueError, AssertionError, TypeError) as error:
            self.fail(name, f"the list {name}: {error}")
        return dict(content)

    def name(self, name: str, kind: str) -> None:
        if len(name) > MAX_NAME_CHARS:
            self.fail(name, f"a name of {len(name)} characters; a {kind} has at most {MAX_NAME_CHARS}")

    def template(self, text: str, near: object) -> None:
        try:
            parse_template(text)
        except ValueError as error:
            self.fail(near, str(error))

    def texts(self, value: object, what: str, near: object) -> list[str]:
        if value is None:
            return []
        if not isinstance(value, list):
            self.fail(near, f"{what} is not a list of texts")
        for item in value:
            if not isinstance(item, str) or not item.strip():
                self.fail(item if isinstance(item, str) else near, f"{what} holds {item!r}, no text")
        return list(value)

    def mapping(
        self, value: object, what: str, near: object, allowed: Collection[str] = ()
    ) -> Mapping[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.fail(near, f"{what} is not a mapping")
        for key in value if allowed else ():
            if key not in allowed:
                self.fail(
                    key, f"{what} has the unknown key {key!r}; it may have: {', '.join(sorted(allowed))}"
                )
        return value

    def fail(self, near: object, message: str) -> NoReturn:
        line = getattr(near, "line", 0)
        message = message if len(message) <= _MAX_MESSAGE else f"{message[:_MAX_MESSAGE]}..."
        raise GrammarError(
            f"{self.path}:{line}: {message}" if line else f"{self.path}: {message}",
            hint="see the documentation of hassil for the format of sentence files",
            code="grammar.sentences",
        )
