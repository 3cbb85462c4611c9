"""Reads and checks the replies of a language. Every fault names file, line and key."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from assistant.skills.cldr import Cldr
from assistant.skills.lines import COUNT, Line, WordList
from assistant.skills.replies import Forms, Replies
from assistant.skills.template import Template
from assistant.understanding.sentence_file import SentenceFile, place
from common.errors import GrammarError

#: Characters of one text; the longest, what one can say, has 250.
MAX_TEXT = 1000
_HINT = "each language has one text for every line that a skill declares; see CONTRIBUTING.md"


def read_replies(
    cldr: Cldr, files: Sequence[SentenceFile], declarations: Iterable[Line | WordList]
) -> Replies:
    """The replies of a language from its files; the stem of a file's name is the section of its keys.

    Args:
        cldr: rules of the language.
        files: all sentence files of the skills in that language.
        declarations: what the skills declare.

    Raises:
        GrammarError: a text is missing, stands twice or is used by nothing; it uses a value that its line
            has not; a form is no plural category of the language.
    """
    reader = _Reader(cldr, declarations)
    for file in files:
        reader.read(file)
    reader.check_complete(files)
    return Replies(cldr, reader.texts, reader.words, reader.errors)


class _Reader:
    def __init__(self, cldr: Cldr, declarations: Iterable[Line | WordList]) -> None:
        self._cldr = cldr
        self._lines: dict[str, Line] = {}
        self._lists: dict[str, WordList] = {}
        for item in declarations:
            if isinstance(item, WordList):
                self._lists[item.key] = item
            elif self._lines.setdefault(item.key, item) != item:
                raise ValueError(f"the line {item.key} is declared twice, with different values")
        self.texts: dict[str, Forms] = {}
        self.words: dict[str, tuple[str, ...]] = {}
        self.errors: dict[str, str] = {}

    def read(self, file: SentenceFile) -> None:
        section = file.path.stem
        for name, content in file.spoken.get("replies", {}).items():
            line = self._lines.get(f"{section}.{name}")
            if line is None:
                _fail(file, name, f"nothing says the reply {name}")
            self._once(file, name, line.key, self.texts)
            self.texts[line.key] = self._forms(file, name, line, content)
        for name, content in file.spoken.get("words", {}).items():
            words = self._lists.get(f"{section}.{name}")
            if words is None:
                _fail(file, name, f"nothing asks for the words {name}")
            self._once(file, name, words.key, self.words)
            if not isinstance(content, list) or not all(isinstance(word, str) for word in content):
                _fail(file, name, f"the words {name} are not a list of texts")
            self.words[words.key] = tuple(str(word).lower() for word in content)
        for code, content in file.spoken.get("errors", {}).items():
            self._once(file, code, code, self.errors)
            if not isinstance(content, str):
                _fail(file, code, f"the text for the error {code} is not a text")
            self.errors[str(code)] = str(content).rstrip(".")

    def check_complete(self, files: Sequence[SentenceFile]) -> None:
        missing: dict[str, list[str]] = defaultdict(list)
        for kind, declared, found in (
            ("the reply", self._lines, self.texts),
            ("the words", self._lists, self.words),
        ):
            for key in sorted(declared.keys() - found.keys()):
                section, _, name = key.partition(".")
                missing[section].append(f"{kind} {name}")
        for section, names in missing.items():
            paths = [file.path for file in files if file.path.stem == section]
            where = paths[0] if paths else self._absent(section, files)
            what = ", ".join(names)
            raise GrammarError(
                f"{where}: the language {self._cldr.language!r} lacks here: {what}",
                hint=_HINT,
                code="grammar.replies",
            )

    def _absent(self, section: str, files: Sequence[SentenceFile]) -> Path:
        """Where a file of a section would lie."""
        return (files[0].path.parent if files else Path(self._cldr.language)) / f"{section}.yaml"

    def _once(self, file: SentenceFile, name: str, key: str, found: Mapping[str, object]) -> None:
        if key in found:
            _fail(file, name, f"{key} stands in another file too")

    def _forms(self, file: SentenceFile, name: str, line: Line, content: object) -> Forms:
        by = line.selector
        if not isinstance(content, dict):
            return Forms("", {"other": self._template(file, name, line, content)})
        if not by:
            _fail(file, name, f"the reply {name} has no count, and so only one form")
        known = self._cldr.plural_categories if by == COUNT else self._cldr.ordinal_categories
        for form in content:
            if form not in known and not (form.startswith("=") and form[1:].isdecimal()):
                _fail(
                    file,
                    form,
                    f"the reply {name} has the form {form!r}; in {self._cldr.language!r} there are "
                    f"{', '.join(sorted(known))}, and =0, =1, ...",
                )
        if "other" not in content:
            _fail(file, name, f"the reply {name} needs the form `other`")
        texts = {str(form): self._template(file, name, line, text) for form, text in content.items()}
        return Forms(by, texts)

    def _template(self, file: SentenceFile, name: str, line: Line, text: object) -> Template:
        if not isinstance(text, str) or len(text) > MAX_TEXT:
            _fail(file, name, f"the reply {name} is not a text of at most {MAX_TEXT} characters")
        try:
            template = Template.parse(text)
        except ValueError as error:
            _fail(file, text, f"the reply {name}: {error}")
        if unknown := template.names - line.values:
            known = ", ".join(sorted(line.values)) or "none"
            _fail(file, text, f"the reply {name} has no value {min(unknown)}; it has: {known}")
        return template


def _fail(file: SentenceFile, near: str, message: str) -> NoReturn:
    raise GrammarError(f"{place(file, near)}: {message}", hint=_HINT, code="grammar.replies")
