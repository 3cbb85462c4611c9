"""What the box says in one language: the texts of all declared lines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from assistant.skills import common_lines as common
from assistant.skills.cldr import Cldr
from assistant.skills.lines import COUNT, Line, WordList
from assistant.skills.template import Template, Value
from common.errors import SottoError


@dataclass(frozen=True)
class Forms:
    """The texts of one line.

    Attributes:
        by: the value that chooses among them, as `Line.selector`; "" where there is only one.
        texts: by CLDR category, or by "=2" for exactly two; by "other" where there is only one.
    """

    by: str
    texts: Mapping[str, Template]


class Replies:
    """Texts and word lists of a language. `read_replies` makes and checks them.

    Args:
        cldr: rules of the language.
        texts: the forms of every declared line, by key.
        words: every declared word list, by key.
        errors: what is said about errors in place of their messages, by code.
    """

    def __init__(
        self,
        cldr: Cldr,
        texts: Mapping[str, Forms],
        words: Mapping[str, tuple[str, ...]],
        errors: Mapping[str, str],
    ) -> None:
        self.cldr = cldr
        self._texts = texts
        self._words = words
        self._errors = errors

    @property
    def language(self) -> str:
        """Such as "en"."""
        return self.cldr.language

    def text(self, line: Line, **values: Value) -> str:
        """The text of a line with its values.

        Args:
            line: declared in a module of a skill.
            values: exactly those of the line. "" leaves its place out, with the blank before it.

        Raises:
            TypeError: other values than those that the line has.
        """
        if values.keys() != line.values:
            raise TypeError(f"{line.key} has the values {sorted(line.values)}, not {sorted(values)}")
        forms = self._texts[line.key]
        return forms.texts[self._form(forms, values)].render(values, self.cldr.numbers)

    def words(self, words: WordList) -> tuple[str, ...]:
        """The words of a list, lower-case."""
        return self._words[words.key]

    def pattern(self, words: WordList) -> re.Pattern[str]:
        """Finds any word or phrase of a list in a lower-case text."""
        phrases = "|".join(re.escape(phrase) for phrase in self.words(words))
        return re.compile(rf"\b(?:{phrases})\b" if phrases else r"(?!)")

    def sorry(self, error: SottoError) -> str:
        """What is said about an error: its message, unless the language has a text for its code."""
        message = self._errors.get(error.code, error.message.rstrip("."))
        return self.text(common.SORRY, message=message)

    def _form(self, forms: Forms, values: Mapping[str, Value]) -> str:
        if not forms.by:
            return "other"
        number = values[forms.by]
        assert not isinstance(number, str)
        if (exactly := f"={number:g}") in forms.texts:
            return exactly
        category = self.cldr.plural(number) if forms.by == COUNT else self.cldr.ordinal(int(number))
        return category if category in forms.texts else "other"
