"""YAML as sentence files use it: texts know their lines, no key is overwritten, the size is bounded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from assistant.understanding.limits import MAX_FILE_BYTES, MAX_LEVELS, MAX_NODES
from common.errors import GrammarError, NotFound, TooLarge
from common.files import read_plain

#: Characters up to which PyYAML's own reader looks where exactly a fault is; it takes 0.1 s for so many.
_EXACT_CHARS = 16_000
_MAX_NUMBER = 10**12


class Marked(str):
    """A text of a YAML file, with the line it stands on (from 1)."""

    line = 0


@dataclass(frozen=True)
class YamlFile:
    """What is in a file.

    Attributes:
        content: its texts and keys are `Marked`; all keys are texts.
        nodes: its keys and values, with what an alias or a merge stands for counted each time.
    """

    content: Any
    nodes: int


def read_yaml(path: Path, most_nodes: int = MAX_NODES) -> YamlFile:
    """A YAML file.

    Unlike in plain YAML 1.1, the words on, off, yes and no stay texts, and so do dates: sentences are full of
    them. A tag such as !!int is refused.

    Args:
        most_nodes: how many keys and values it may have, see `YamlFile.nodes`.

    Raises:
        NotFound: no such file.
        TooLarge: above `MAX_FILE_BYTES`, `most_nodes` or `MAX_LEVELS`; found before it is unfolded.
        GrammarError: not readable, not UTF-8, not YAML, or a key stands twice; names file and line.
    """
    try:
        raw = read_plain(path, MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        raise NotFound(f"there is no sentence file {path}", code="grammar.no-file") from None
    except OSError as error:
        raise GrammarError(f"{path} cannot be read: {error.strerror}", code="grammar.unreadable") from None
    if len(raw) > MAX_FILE_BYTES:
        raise TooLarge(
            f"{path} is above the limit of {MAX_FILE_BYTES} bytes",
            hint="split it into several files",
            code="grammar.file-too-large",
        )
    try:
        text = raw.decode("utf-8")
        nodes = _count(path, text, most_nodes)
        return YamlFile(_load(text), nodes)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise GrammarError(f"{path}:{line}: not UTF-8 text", hint="save it as UTF-8") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise GrammarError(
            f"{where}: {error.problem or 'not YAML'}",
            hint="texts with : # { [ | or & in them need quotes around them",
            code="grammar.yaml",
        ) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise GrammarError(f"{path}: not YAML: {' '.join(str(error).split())}", code="grammar.yaml") from None


class _Marking:
    """How a loader makes `Marked` texts and mappings without a key that stands twice."""

    yaml_implicit_resolvers = {  # noqa: RUF012
        first: [
            (tag, pattern)
            for tag, pattern in resolvers
            if tag not in {"tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp"}
        ]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def marked(self: Any, node: yaml.ScalarNode) -> Marked:
        text = Marked(self.construct_scalar(node))
        text.line = node.start_mark.line + 1
        return text

    def number(self: Any, node: yaml.ScalarNode) -> int | float:
        """A number; one that nobody says, or what only looks like one ("0x_", ".nan"), is a fault."""
        try:
            value: int | float = self.yaml_constructors_of_numbers[node.tag](self, node)
            if not abs(value) <= _MAX_NUMBER:
                raise ValueError
        except ValueError:
            raise _fault(node.start_mark, f"{node.value[:20]!r} is no number; put it in quotes") from None
        return value

    yaml_constructors_of_numbers = {  # noqa: RUF012
        "tag:yaml.org,2002:int": yaml.SafeLoader.construct_yaml_int,
        "tag:yaml.org,2002:float": yaml.SafeLoader.construct_yaml_float,
    }

    def unique_mapping(self: Any, node: yaml.MappingNode) -> dict[Marked, Any]:
        seen: set[str] = set()
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise _fault(key_node.start_mark, "a key that is no text")
            if key_node.value in seen:
                raise _fault(key_node.start_mark, f"the key {key_node.value!r} stands here twice")
            seen.add(key_node.value)
        self.flatten_mapping(node)
        return {self.marked(key): self.construct_object(value, deep=True) for key, value in node.value}


class _Loader(_Marking, yaml.SafeLoader):
    """PyYAML's own reader."""


#: libyaml's, eight times as fast; a PyYAML that was built without libyaml lacks it.
_FastLoader: Any = type("_FastLoader", (_Marking, yaml.CSafeLoader), {}) if yaml.__with_libyaml__ else _Loader

for _loader in (_Loader, _FastLoader):
    _loader.add_constructor("tag:yaml.org,2002:str", _loader.marked)
    _loader.add_constructor("tag:yaml.org,2002:map", _loader.unique_mapping)
    for _tag in _Marking.yaml_constructors_of_numbers:
        _loader.add_constructor(_tag, _loader.number)
    _loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))


def _load(text: str) -> Any:
    return yaml.load(text, Loader=_FastLoader)  # a subclass of SafeLoader


def _events(text: str) -> Iterator[Any]:
    """The events of a text; where libyaml finds a fault, PyYAML's own reader says more exactly where."""
    try:
        yield from yaml.parse(text, Loader=_FastLoader)
    except yaml.YAMLError:
        if len(text) > _EXACT_CHARS:
            raise
        for _ in yaml.parse(text, Loader=_Loader):
            pass
        raise


def _count(path: Path, text: str, most: int) -> int:
    """The keys and values of a text with its aliases written out; nothing is unfolded for it.

    Raises:
        TooLarge, GrammarError, yaml.YAMLError: as `read_yaml`.
    """
    #: Nodes of each mapping or list that is open, and its anchor; the first is the whole.
    open_nodes: list[int] = [0]
    open_anchors: list[str | None] = [None]
    anchors: dict[str, int] = {}
    total = 0
    for event in _events(text):
        nodes = 0
        if isinstance(event, yaml.AliasEvent):
            # An unknown anchor, or one inside itself, is a fault that the loader names.
            nodes = anchors.get(str(event.anchor), 1)
            if event.anchor in open_anchors:
                raise _fault(event.start_mark, f"the alias {event.anchor} stands inside what it stands for")
        elif isinstance(event, yaml.ScalarEvent):
            nodes = 1
            _check_scalar(event)
            if event.anchor:
                anchors[event.anchor] = 1
        elif isinstance(event, yaml.CollectionStartEvent):
            _check_tag(event)
            open_nodes.append(1)
            open_anchors.append(event.anchor)
            if len(open_nodes) > MAX_LEVELS + 1:
                raise _too_large(path, event, "levels of mappings and lists", len(open_nodes) - 1, MAX_LEVELS)
        elif isinstance(event, yaml.CollectionEndEvent):
            nodes = open_nodes.pop()
            if anchor := open_anchors.pop():
                anchors[anchor] = nodes
            total -= nodes - 1
        open_nodes[-1] += nodes
        total += nodes
        if total > most:
            raise _too_large(path, event, "keys and values, its aliases written out,", total, most)
    return total


def _check_scalar(event: yaml.ScalarEvent) -> None:
    _check_tag(event)
    try:
        event.value.encode()
    except UnicodeEncodeError:
        raise _fault(event.start_mark, "half of a character (a surrogate)") from None


def _check_tag(event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
    if event.tag not in {None, "!"}:
        raise _fault(event.start_mark, f"the tag {event.tag} is not used in sentence files")


def _fault(mark: Any, problem: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=mark)


def _too_large(path: Path, event: yaml.Event, what: str, count: int, most: int) -> TooLarge:
    assert event.start_mark is not None
    return TooLarge(
        f"{path}:{event.start_mark.line + 1}: {count} {what} are above the limit of {most}",
        hint="make the file smaller, or split it into several",
        code="grammar.too-large",
    )
