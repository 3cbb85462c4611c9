"""All sentences of a device: the built-in ones, the box's own, and those of the owner's files."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import home_assistant_intents

from assistant.understanding.builtin import BuiltinBlocks
from assistant.understanding.grammar import Grammar
from assistant.understanding.names import STATE_INTENT, HomeNames
from assistant.understanding.sentence_checks import check_file, check_rules
from assistant.understanding.sentence_data import SentenceData
from assistant.understanding.sentence_file import SentenceFile, place, read_sentence_file
from common.errors import GrammarError, InvalidInput, NotFound, TooLarge

MAX_FILES = 200
MAX_TEMPLATES = 20_000


@dataclass(frozen=True)
class SentenceSource:
    """Where sentences come from.

    Attributes:
        language: a language of home-assistant-intents, such as "en" or "pt-BR".
        builtin: whether its sentences are used.
        directories: folders of own sentence files (`*.yaml`, `*.yml`), in this order.
        supported: the intents that something answers. Other built-in intents are left out; one that a file
            names is a fault of the file. None takes every intent.
        files: sentence files that are read already; they come before those of the directories.
    """

    language: str
    builtin: bool
    directories: tuple[Path, ...]
    supported: frozenset[str] | None
    files: tuple[SentenceFile, ...] = ()

    def load(self, home: HomeNames) -> SentenceData:
        """All sentences, checked as a whole.

        Built-in sentences about a kind of device that the home has not are left out, and those that
        are nothing but a name.

        Raises:
            InvalidInput: unknown language.
            NotFound: a directory is missing.
            TooLarge: too many files or sentences, or a file too large.
            GrammarError: a fault in a file, something defined twice or not defined, or an intent that
                nothing answers.
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
            self._add_builtin(data, raw, home)
        files = [
            *self.files,
            *(file for path in sentence_paths(self.directories) if (file := self._read(path))),
        ]
        for file in files:
            self._check_answered(file)
            data.add(file)
        check_rules(data)
        count = sum(check_file(data, file) for file in files)
        if count > MAX_TEMPLATES:
            raise TooLarge(f"{count} sentences are above the limit of {MAX_TEMPLATES}")
        return data

    def _read(self, path: Path) -> SentenceFile | None:
        file = read_sentence_file(path, self.language)
        if file is not None and file.spoken:
            key, content = next(iter(file.spoken.items()))
            raise GrammarError(
                f"{place(file, next(iter(content), key))}: `{key}` belongs into a file of the box's own",
                hint="a skill and its replies are added as CONTRIBUTING.md says",
                code="grammar.replies",
            )
        return file

    def _takes(self, intent: str) -> bool:
        return self.supported is None or intent in self.supported

    def _check_answered(self, file: SentenceFile) -> None:
        for name in file.intents:
            if not self._takes(name):
                raise GrammarError(
                    f"{place(file, name)}: nothing answers the intent {name}",
                    hint=f"name one that a skill answers, or add a skill; answered are: "
                    f"{', '.join(sorted(self.supported or ())) or 'none'}",
                    code="grammar.unanswered",
                )

    def _add_builtin(self, data: SentenceData, raw: dict[str, Any], home: HomeNames) -> None:
        rules = raw.get("expansion_rules", {})
        commands = BuiltinBlocks({device.domain for device in home.devices}, rules)
        questions = BuiltinBlocks(
            {kind for device in home.devices for kind in {device.domain, *device.asked_as}}, rules
        )
        for name, intent in raw["intents"].items():
            chosen = questions if name == STATE_INTENT else commands
            if self._takes(name) and (blocks := chosen.choose(intent["data"])):
                data.intents[name] = {"data": blocks}
        data.lists.update(raw.get("lists", {}))
        data.rules.update(raw.get("expansion_rules", {}))
        data.skip_words += raw.get("skip_words", [])
        data.places.update({("list", name): "built in" for name in data.lists})
        data.places.update({("rule", name): "built in" for name in data.rules})


def sentence_paths(directories: Sequence[Path]) -> list[Path]:
    """The sentence files of all directories, by name within each.

    Raises:
        NotFound: a directory is missing.
        TooLarge: there are more than `MAX_FILES`.
    """
    found: list[Path] = []
    for directory in directories:
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


def build_grammar(
    language: str,
    builtin: bool,
    directories: Sequence[Path],
    home: HomeNames,
    supported: frozenset[str] | None,
    here: str | None = None,
    files: Sequence[SentenceFile] = (),
) -> Grammar:
    """The grammar of a device, ready to parse (0.3 to 0.6 s for a home).

    Args:
        language: language of the sentences.
        builtin: whether to use the sentences of home-assistant-intents.
        directories: folders of own sentence files.
        home: the names that can be spoken.
        supported: the intents that something answers, or None for any.
        here: value of the area the device stands in; with it "turn on the lights" means that area.
        files: sentence files that are read already.

    Raises:
        InvalidInput, NotFound, TooLarge, GrammarError: as `SentenceSource.load`.
    """
    source = SentenceSource(language, builtin, tuple(directories), supported, tuple(files))
    data = source.load(home)
    key = hashlib.sha256(f"{data.digest} {home!r} {here!r}".encode()).hexdigest()
    own_lists = frozenset(data.own_lists)
    return Grammar(data.as_dict(), home, here=here, own_lists=own_lists, key=key)
