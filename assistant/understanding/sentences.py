"""All sentences of a device: built-in, of the box's own skills, of plugins, and of the owner's files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import home_assistant_intents

from assistant.understanding.builtin import BuiltinBlocks
from assistant.understanding.grammar import Grammar
from assistant.understanding.limits import MAX_ALL_NODES, MAX_FILES, MAX_NODES
from assistant.understanding.names import STATE_INTENT, HomeNames
from assistant.understanding.sentence_checks import SentenceChecks
from assistant.understanding.sentence_data import SentenceData
from assistant.understanding.sentence_file import SentenceFile, place, read_sentence_file
from common.errors import GrammarError, InvalidInput, NotFound, SottoError, TooLarge


@dataclass
class Gathered:
    """The sentences that can be used, and what is wrong with the others.

    Attributes:
        data: all sentences together.
        files: the owner's files in it, by path.
        errors: what is wrong with the newest version of a file, by path of the file or the folder.
    """

    data: SentenceData
    files: dict[Path, SentenceFile] = field(default_factory=dict)
    errors: dict[Path, SottoError] = field(default_factory=dict)


@dataclass(frozen=True)
class SentenceSource:
    """Where sentences come from.

    Attributes:
        language: a language of home-assistant-intents, such as "en" or "pt-BR".
        builtin: whether its sentences are used.
        directories: folders of own sentence files (`*.yaml`, `*.yml`), in this order.
        supported: the intents that something answers. Other built-in intents are left out; one that a file
            names is a fault of the file. None takes every intent.
        files: sentence files of the box that are read already; they come before all others.
        plugins: those of plugins; they come next.
    """

    language: str
    builtin: bool
    directories: tuple[Path, ...]
    supported: frozenset[str] | None
    files: tuple[SentenceFile, ...] = ()
    plugins: tuple[SentenceFile, ...] = ()

    def load(self, home: HomeNames) -> SentenceData:
        """All sentences, none of them at fault; otherwise as `gather`.

        Raises:
            InvalidInput, NotFound, TooLarge, GrammarError: as `gather`, and the first of its errors.
        """
        gathered = self.gather(home, {})
        for error in gathered.errors.values():
            raise error
        return gathered.data

    def gather(self, home: HomeNames, known: Mapping[Path, SentenceFile]) -> Gathered:
        """All sentences that can be used; a file with a fault is left out, or its last good version is used.

        Built-in sentences about a kind of device that the home has not are left out, and those that
        are nothing but a name.

        Args:
            home: the names that can be spoken.
            known: the last good version of the owner's files, by path.

        Raises:
            InvalidInput: unknown language.
            GrammarError: a fault in a file of the box itself.
        """
        base = self._base(home)
        for file in self.files:
            self._add(base, file)
        versions = {file.path: [file] for file in self.plugins}
        errors: dict[Path, SottoError] = {}
        for path, read in self._read(known, errors).items():
            versions[path] = [version for version in read if version is not None]
        while True:
            data = base.copy()
            chosen = [files[0] for files in versions.values() if files]
            failed = self._join(data, chosen)
            if not failed:
                plugins = {file.path for file in self.plugins}
                return Gathered(
                    data, {file.path: file for file in chosen if file.path not in plugins}, errors
                )
            for path, error in failed.items():
                errors.setdefault(path, error)
                versions[path].pop(0)

    def _join(self, data: SentenceData, files: Sequence[SentenceFile]) -> dict[Path, SottoError]:
        """Add files to the data and check them all; returns what is wrong, by path."""
        failed: dict[Path, SottoError] = {}
        for file in files:
            try:
                self._add(data, file)
            except SottoError as error:
                failed[file.path] = error
        checks = SentenceChecks(data)
        for file in self.files:
            checks.check(file, bounded=False)
        for file in files:
            try:
                if file.path not in failed:
                    checks.check(file)
            except SottoError as error:
                failed[file.path] = error
        return failed

    def _read(
        self, known: Mapping[Path, SentenceFile], errors: dict[Path, SottoError]
    ) -> dict[Path, list[SentenceFile | None]]:
        """The versions of each of the owner's files, the newest first; adds to `errors`."""
        versions: dict[Path, list[SentenceFile | None]] = {}
        nodes = 0
        for directory in self.directories:
            try:
                paths = sentence_paths([directory])
            except SottoError as error:
                errors[directory] = error
                versions |= {path: [file] for path, file in known.items() if path.parent == directory}
                continue
            for path in paths:
                versions[path] = [known[path]] if path in known else []
                try:
                    if len(versions) > MAX_FILES:
                        raise TooLarge(
                            f"{path}: {len(versions)} sentence files are above the limit of {MAX_FILES}",
                            hint="put several together",
                            code="grammar.too-many-files",
                        )
                    file = self._read_file(path, MAX_ALL_NODES - nodes)
                    nodes += file.nodes if file is not None else 0
                    versions[path] = [file, *versions[path]] if file is not None else []
                except SottoError as error:
                    errors[path] = error
        return versions

    def _read_file(self, path: Path, nodes_left: int) -> SentenceFile | None:
        try:
            file = read_sentence_file(path, self.language, min(MAX_NODES, nodes_left))
        except TooLarge as error:
            if nodes_left >= MAX_NODES:
                raise
            raise TooLarge(
                f"{path}: the keys and values of all files are above the limit of {MAX_ALL_NODES}",
                hint=error.hint,
                code=error.code,
            ) from None
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

    def _add(self, data: SentenceData, file: SentenceFile) -> None:
        for name in file.intents:
            if not self._takes(name):
                raise GrammarError(
                    f"{place(file, name)}: nothing answers the intent {name}",
                    hint=f"name one that a skill answers, or add a skill; answered are: "
                    f"{', '.join(sorted(self.supported or ())) or 'none'}",
                    code="grammar.unanswered",
                )
        data.add(file)

    def _base(self, home: HomeNames) -> SentenceData:
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
        return data

    def _add_builtin(self, data: SentenceData, raw: dict[str, Any], home: HomeNames) -> None:
        rules = raw.get("expansion_rules", {})
        commands = BuiltinBlocks({device.domain for device in home.devices}, rules)
        questions = BuiltinBlocks(
            {kind for device in home.devices for kind in {device.domain, *device.asked_as}}, rules
        )
        for name, intent in raw["intents"].items():
            chosen = questions if name == STATE_INTENT else commands
            if self._takes(name) and (blocks := chosen.choose(name, intent["data"])):
                data.intents[name] = {"data": blocks}
        data.lists.update(raw.get("lists", {}))
        data.rules.update(raw.get("expansion_rules", {}))
        data.skip_words += raw.get("skip_words", [])
        data.places.update({("list", name): "built in" for name in data.lists})
        data.places.update({("rule", name): "built in" for name in data.rules})


def sentence_paths(directories: Sequence[Path]) -> list[Path]:
    """The sentence files of all directories, by name within each.

    Raises:
        NotFound: a directory is missing, or cannot be read.
    """
    found: list[Path] = []
    for directory in directories:
        try:
            found += sorted(path for path in directory.iterdir() if path.suffix in {".yaml", ".yml"})
        except OSError as error:
            raise NotFound(
                f"there is no directory of sentences {directory}: {error.strerror}",
                hint="make it, or take it out of the settings",
                code="grammar.no-directory",
            ) from None
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
    """The grammar of sentences without any fault, ready to parse (0.3 to 0.6 s for a home).

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
    return make_grammar(source.load(home), home, here)


def make_grammar(data: SentenceData, home: HomeNames, here: str | None = None) -> Grammar:
    """The grammar of checked sentences; arguments as for `build_grammar`."""
    key = hashlib.sha256(f"{data.digest} {home.as_text()} {here!r}".encode()).hexdigest()
    return Grammar(data.as_dict(), home, here=here, own_lists=frozenset(data.own_lists), key=key)
