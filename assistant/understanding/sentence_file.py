"""One file of hassil sentences: read, checked, and every fault named by file and line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from hassil.expression import Expression, Group, ListReference, Permutation
from hassil.intents import Intents
from hassil.parse_expression import parse_sentence
from hassil.parser import ParseError

from assistant.understanding.compiler import MAX_PERMUTATION
from assistant.understanding.yaml_text import read_yaml
from common.errors import GrammarError

#: Values that a number range may have; the grammar spells out every one of them.
MAX_RANGE_VALUES = 10_001
MAX_TEMPLATE_CHARS = 2000

#: What a file says of the box's own replies; `assistant.skills.replies` reads it.
REPLY_KEYS = ("replies", "words", "errors")
_FILE_KEYS = frozenset(
    ["language", "intents", "lists", "expansion_rules", "skip_words", "settings", "responses", *REPLY_KEYS]
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


@dataclass(frozen=True)
class SentenceFile:
    """What a file defines, in the shape of hassil's input dictionary.

    Attributes:
        path: of the file.
        intents, lists, rules, skip_words: what is said to the box.
        spoken: what the box says: those mappings of `REPLY_KEYS` that the file has. Their keys and texts know
            their lines.
    """

    path: Path
    intents: Mapping[str, dict[str, Any]]
    lists: Mapping[str, dict[str, Any]]
    rules: Mapping[str, str]
    skip_words: tuple[str, ...]
    spoken: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def read_sentence_file(path: Path, language: str) -> SentenceFile | None:
    """A checked sentence file; None where it is written in another language.

    Raises:
        GrammarError: a fault in the file; the message begins with "FILE:LINE:".
        NotFound, TooLarge: as `read_yaml`.
    """
    return _Reader(path).read(language)


def place(file: SentenceFile, text: str) -> str:
    """Where a text or a key of a file stands: "FILE:LINE"."""
    return f"{file.path}:{getattr(text, 'line', 0)}"


def parse_template(text: str) -> Expression:
    """hassil's expression of one template.

    Raises:
        ValueError: with a sentence about what is wrong.
    """
    if len(text) > MAX_TEMPLATE_CHARS:
        raise ValueError(f"a template of more than {MAX_TEMPLATE_CHARS} characters")
    try:
        expression: Expression = parse_sentence(text).expression
    except ParseError as error:
        raise ValueError(f"not a sentence template: {error}") from None
    except (AssertionError, RecursionError) as error:
        raise ValueError(f"not a sentence template: {error or 'nested too deep'}") from None
    for part in _parts(expression):
        if isinstance(part, Permutation) and len(part.items) > MAX_PERMUTATION:
            raise ValueError(f"a permutation of more than {MAX_PERMUTATION} parts")
        if isinstance(part, ListReference) and (bounds := part.get_inline_range()):
            first, last, step = bounds
            if first > last or step < 1 or (last - first) // step >= MAX_RANGE_VALUES:
                raise ValueError(f"the range {part.list_name} is empty or too long")
    return expression


class _Reader:
    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, language: str) -> SentenceFile | None:
        content = read_yaml(self.path)
        if content is None:
            content = {}
        self.mapping(content, "the file", None, _FILE_KEYS)
        if str(content.get("language", language)) != language:
            return None
        intents = self.mapping(content.get("intents"), "intents", None)
        return SentenceFile(
            path=self.path,
            intents={name: self.intent(name, value) for name, value in intents.items()},
            lists=self.lists(content.get("lists")),
            rules=self.rules(content.get("expansion_rules")),
            skip_words=tuple(self.texts(content.get("skip_words"), "skip_words", None)),
            spoken={key: self.mapping(content[key], f"`{key}`", key) for key in REPLY_KEYS if key in content},
        )

    def intent(self, name: str, value: object) -> dict[str, Any]:
        content = self.mapping(value, f"intent {name}", name)
        blocks = content.get("data")
        if not isinstance(blocks, list) or not blocks:
            self.fail(name, f"intent {name} needs a list `data` of blocks of sentences")
        return {"data": [self.block(name, block) for block in blocks]}

    def block(self, intent: str, value: object) -> dict[str, Any]:
        block = dict(self.mapping(value, f"a block of {intent}", intent, _BLOCK_KEYS))
        block["sentences"] = self.texts(block.get("sentences"), f"`sentences` of {intent}", intent)
        if not block["sentences"]:
            self.fail(intent, f"a block of {intent} has no `sentences`")
        for text in block["sentences"]:
            self.template(text, text)
        block["lists"] = self.lists(block.get("lists"))
        block["expansion_rules"] = self.rules(block.get("expansion_rules"))
        # Only saves hassil time, and is not folded as all other text is.
        block.pop("required_keywords", None)
        for key in ("slots", "requires_context", "excludes_context"):
            block[key] = dict(self.mapping(block.get(key), f"`{key}` of {intent}", intent))
        return block

    def rules(self, value: object) -> dict[str, str]:
        rules = self.mapping(value, "expansion_rules", None)
        for name, body in rules.items():
            if not isinstance(body, str):
                self.fail(name, f"the rule {name} is not a text")
            self.template(body, name)
        return dict(rules)

    def lists(self, value: object) -> dict[str, dict[str, Any]]:
        found = self.mapping(value, "lists", None)
        return {name: self.slot_list(name, content) for name, content in found.items()}

    def slot_list(self, name: str, value: object) -> dict[str, Any]:
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
        return {"wildcard": True}

    def list_value(self, name: str, value: object) -> dict[str, Any]:
        item: dict[str, Any] = value if isinstance(value, dict) else {"in": value, "out": value}
        text = item.get("in")
        if isinstance(text, bool) or not isinstance(text, str | int | float):
            self.fail(name, f"a value of the list {name} is not a text; put it in quotes")
        if not str(text).strip():
            self.fail(text if isinstance(text, str) else name, f"an empty value in the list {name}")
        self.template(str(text), text if isinstance(text, str) else name)
        plain = not any(sign in str(text) for sign in "[](){}<>|")
        result = {**item, "in": str(text)}
        if not plain and not isinstance(value, dict):
            del result["out"]
        elif isinstance(result.get("out"), str):
            result["out"] = str(result["out"])
        return result

    def number_range(self, name: str, value: object) -> dict[str, Any]:
        content = self.mapping(value, f"`range` of the list {name}", name)
        bounds = [content.get("from"), content.get("to"), content.get("step", 1)]
        if not all(isinstance(bound, int) and not isinstance(bound, bool) for bound in bounds):
            self.fail(name, f"the list {name}: `from`, `to` and `step` are whole numbers")
        first, last, step = (int(str(bound)) for bound in bounds)
        if first > last or step < 1:
            self.fail(name, f"the list {name}: `from` is at most `to`, and `step` at least 1")
        if (last - first) // step >= MAX_RANGE_VALUES:
            self.fail(name, f"the list {name} has more than {MAX_RANGE_VALUES} numbers")
        try:
            Intents.from_dict({"language": "en", "intents": {}, "lists": {name: {"range": content}}})
        except (ValueError, AssertionError, TypeError) as error:
            self.fail(name, f"the list {name}: {error}")
        return dict(content)

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
        self, value: object, what: str, near: object, allowed: Iterable[str] | None = None
    ) -> Mapping[Any, Any]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.fail(near, f"{what} is not a mapping")
        for key in value:
            if not isinstance(key, str) or (allowed is not None and key not in allowed):
                names = f"; it may have: {', '.join(sorted(allowed))}" if allowed else ""
                self.fail(key, f"{what} has the unknown key {key!r}{names}")
        return value

    def fail(self, near: object, message: str) -> NoReturn:
        line = getattr(near, "line", 0)
        raise GrammarError(
            f"{self.path}:{line}: {message}" if line else f"{self.path}: {message}",
            hint="see the documentation of hassil for the format of sentence files",
            code="grammar.sentences",
        )


def _parts(expression: Expression) -> Iterator[Expression]:
    yield expression
    if isinstance(expression, Group):
        for item in expression.items:
            yield from _parts(item)
