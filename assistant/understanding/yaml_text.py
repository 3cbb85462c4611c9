"""YAML as sentence files use it: every text knows its line, and no key is overwritten."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from common.errors import GrammarError, NotFound, TooLarge

MAX_FILE_BYTES = 1_000_000


class Marked(str):
    """A text of a YAML file, with the line it stands on (from 1)."""

    line = 0


def read_yaml(path: Path) -> Any:
    """The content of a YAML file; its texts and keys are `Marked`.

    Unlike in plain YAML 1.1, the words on, off, yes and no stay texts: sentences are full of them.

    Raises:
        NotFound: no such file.
        TooLarge: above `MAX_FILE_BYTES`.
        GrammarError: not readable, not UTF-8, not YAML, or a key stands twice; names file and line.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        raise NotFound(f"there is no sentence file {path}", code="grammar.no-file") from None
    except OSError as error:
        raise GrammarError(f"{path} cannot be read: {error.strerror}") from None
    if len(raw) > MAX_FILE_BYTES:
        raise TooLarge(
            f"{path} is above the limit of {MAX_FILE_BYTES} bytes",
            hint="split it into several files",
            code="grammar.file-too-large",
        )
    try:
        return _load(raw.decode("utf-8"))
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
        raise GrammarError(f"{path}: not YAML: {error}", code="grammar.yaml") from None


class _Marking:
    """How a loader makes `Marked` texts and mappings without a key that stands twice."""

    yaml_implicit_resolvers = {  # noqa: RUF012
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def marked(self: Any, node: yaml.ScalarNode) -> Marked:
        text = Marked(self.construct_scalar(node))
        text.line = node.start_mark.line + 1
        return text

    def unique_mapping(self: Any, node: yaml.MappingNode) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if key is None or key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} stands here twice", key_node.start_mark
                )
            seen.add(key)
        mapping: dict[Any, Any] = self.construct_mapping(node, deep=True)
        return mapping


class _Loader(_Marking, yaml.SafeLoader):
    """PyYAML's own reader."""


#: libyaml's, eight times as fast; a PyYAML that was built without libyaml lacks it.
_FastLoader: Any = type("_FastLoader", (_Marking, yaml.CSafeLoader), {}) if yaml.__with_libyaml__ else _Loader

for _loader in (_Loader, _FastLoader):
    _loader.add_constructor("tag:yaml.org,2002:str", _loader.marked)
    _loader.add_constructor("tag:yaml.org,2002:map", _loader.unique_mapping)
    _loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))


def _load(text: str) -> Any:
    """Read with libyaml; where it finds a fault, PyYAML's own reader says more exactly where that is."""
    try:
        return yaml.load(text, Loader=_FastLoader)
    except yaml.YAMLError:
        # Both loaders are subclasses of SafeLoader.
        return yaml.load(text, Loader=_Loader)
