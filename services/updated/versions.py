"""Which of two versions is newer: the UAPI group's version format specification, as systemd orders them."""

from __future__ import annotations

import re
from functools import cmp_to_key

#: A version in file names and partition labels. A label has 36 characters, of which "sotto_" and "_verity"
#: take 13; "_" and "+" part the fields of names.
VERSION = r"[0-9A-Za-z][0-9A-Za-z.~^-]{0,22}"
_FULL = re.compile(VERSION)
_VALID = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ~-^.")
#: Separators in the order in which they are looked for; a string that has one where the other has none is
#: older.
_SEPARATORS = ("-", "^", ".")


def is_version(text: str) -> bool:
    """Whether `text` can be the version of an image."""
    return _FULL.fullmatch(text) is not None


def compare(a: str, b: str) -> int:
    """-1, 0 or 1: `a` is older than, equal to, or newer than `b`.

    https://uapi-group.org/specifications/specs/version_format_specification/
    """
    i = j = 0
    while True:
        while i < len(a) and a[i] not in _VALID:
            i += 1
        while j < len(b) and b[j] not in _VALID:
            j += 1
        if _at(a, i) == "~" or _at(b, j) == "~":
            if result := _sign(_at(a, i) != "~", _at(b, j) != "~"):
                return result
            i, j = i + 1, j + 1
        if i >= len(a) or j >= len(b):
            return _sign(i < len(a), j < len(b))
        for separator in _SEPARATORS:
            if _at(a, i) == separator or _at(b, j) == separator:
                if result := _sign(_at(a, i) != separator, _at(b, j) != separator):
                    return result
                i, j = i + 1, j + 1
        if _digit(_at(a, i)) or _digit(_at(b, j)):
            left, right = _run(a, i, digits=True), _run(b, j, digits=True)
            if result := _sign(bool(left), bool(right)) or _numbers(left, right):
                return result
        else:
            left, right = _run(a, i, digits=False), _run(b, j, digits=False)
            if left != right:
                return -1 if left < right else 1
        i, j = i + len(left), j + len(right)


def newest_first(versions: set[str]) -> list[str]:
    """The versions, the newest first."""
    return sorted(versions, key=cmp_to_key(compare), reverse=True)


def _numbers(left: str, right: str) -> int:
    # Compared as text: a number may have more digits than int() takes.
    left, right = left.lstrip("0"), right.lstrip("0")
    return _sign((len(left), left), (len(right), right))


def _sign(left: object, right: object) -> int:
    return 0 if left == right else -1 if left < right else 1  # type: ignore[operator]


def _at(text: str, index: int) -> str:
    return text[index] if index < len(text) else ""


def _digit(character: str) -> bool:
    return character != "" and character in "0123456789"


def _letter(character: str) -> bool:
    return character.isascii() and character.isalpha()


def _run(text: str, start: int, *, digits: bool) -> str:
    end = start
    while end < len(text) and (_digit(text[end]) if digits else _letter(text[end])):
        end += 1
    return text[start:end]
