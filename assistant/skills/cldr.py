"""Rules and names of a language from Unicode CLDR: plurals, ordinals, days, months, numbers."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from babel import Locale, UnknownLocaleError

from assistant.skills.template import NumberForms
from assistant.speech.number_words import in_words
from common.errors import InvalidInput


class Cldr:
    """The rules of one language.

    Args:
        language: such as "en" or "pt-BR".

    Raises:
        InvalidInput: CLDR does not know the language.
    """

    def __init__(self, language: str) -> None:
        try:
            locale = Locale.parse(language, sep="-")
        except (UnknownLocaleError, ValueError):
            raise InvalidInput(
                f"Unicode CLDR knows no language {language!r}",
                hint='name it as in "en" or "pt-BR"',
                code="language.unknown",
            ) from None
        self.language = language
        self._plural: Any = locale.plural_form
        self._ordinal: Any = locale.ordinal_form
        days, months = locale.days["format"]["wide"], locale.months["format"]["wide"]
        #: Monday first, January first.
        self.weekdays: tuple[str, ...] = tuple(days[number] for number in range(7))
        self.months: tuple[str, ...] = tuple(months[number] for number in range(1, 13))
        self._point: str = locale.number_symbols["latn"]["decimal"]
        self.numbers = NumberForms(self.figures, lambda number: in_words(number, language))

    @property
    def plural_categories(self) -> frozenset[str]:
        """The categories that a count can have, such as one and other."""
        return frozenset(self._plural.tags) | {"other"}

    @property
    def ordinal_categories(self) -> frozenset[str]:
        """The categories that a rank can have, such as one, two, few and other."""
        return frozenset(self._ordinal.tags) | {"other"}

    def plural(self, count: float) -> str:
        """The category of a count."""
        return str(self._plural(count))

    def ordinal(self, rank: int) -> str:
        """The category of a rank."""
        return str(self._ordinal(rank))

    def figures(self, number: float) -> str:
        """A number in digits without a needless ".0", to one decimal place: 21.5, 21."""
        text = f"{round(number, 1):g}" if abs(number) < 1e6 else f"{number:.0f}"
        return text.replace(".", self._point)


@lru_cache(maxsize=4)
def cldr(language: str) -> Cldr:
    """The rules of a language, read once (20 ms)."""
    return Cldr(language)
