"""Environment markers of a requirement (PEP 508), judged for the device's Python rather than ours.

pip judges markers for the Python it runs in, even when it downloads for another one; a lock made for
several Pythons must be read for the one of the image.
"""

from __future__ import annotations

import re

from common.errors import InvalidInput

_TOKEN = re.compile(r"""\s*(?:(?P<text>'[^']*'|"[^"]*")|(?P<op><=|>=|==|!=|<|>|\(|\))|(?P<word>[a-z_]+))""")
_VERSIONS = ("python_version", "python_full_version", "implementation_version")
_COMPARISONS = ("<", "<=", ">", ">=", "==", "!=", "in", "not in")


def environment(architecture: str) -> dict[str, str]:
    """The image's Python: CPython 3.13 of Debian trixie, on ``x86-64`` or ``arm64``."""
    return {
        "implementation_name": "cpython",
        "implementation_version": "3.13.5",
        "os_name": "posix",
        "platform_machine": {"x86-64": "x86_64", "arm64": "aarch64"}[architecture],
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "python_full_version": "3.13.5",
        "python_version": "3.13",
        "sys_platform": "linux",
        "extra": "",
    }


def applies(marker: str, values: dict[str, str]) -> bool:
    """Whether a marker such as ``python_full_version < '3.12' and os_name == 'nt'`` holds.

    Raises:
        InvalidInput: it is not a marker that can be judged.
    """
    tokens: list[str] = []
    at = 0
    while marker[at:].strip():
        match = _TOKEN.match(marker, at)
        if match is None:
            raise InvalidInput(f"not a marker: {marker!r}", code="wheels.marker")
        tokens.append(match.group().strip())
        at = match.end()
    try:
        result, rest = _any(tokens, values)
    except (IndexError, KeyError, ValueError) as error:
        raise InvalidInput(f"marker {marker!r} cannot be judged: {error}", code="wheels.marker") from None
    if rest:
        raise InvalidInput(f"marker {marker!r} goes on after its end: {' '.join(rest)}", code="wheels.marker")
    return result


def _any(tokens: list[str], values: dict[str, str]) -> tuple[bool, list[str]]:
    result, tokens = _all(tokens, values)
    while tokens and tokens[0] == "or":
        other, tokens = _all(tokens[1:], values)
        result = result or other
    return result, tokens


def _all(tokens: list[str], values: dict[str, str]) -> tuple[bool, list[str]]:
    result, tokens = _one(tokens, values)
    while tokens and tokens[0] == "and":
        other, tokens = _one(tokens[1:], values)
        result = result and other
    return result, tokens


def _one(tokens: list[str], values: dict[str, str]) -> tuple[bool, list[str]]:
    if tokens[0] == "(":
        result, rest = _any(tokens[1:], values)
        if not rest or rest[0] != ")":
            raise ValueError("a bracket is not closed")
        return result, rest[1:]
    left, op, rest = tokens[0], tokens[1], tokens[2:]
    if op == "not":
        op, rest = f"not {rest[0]}", rest[1:]
    if op not in _COMPARISONS:
        raise ValueError(f"unknown comparison {op}")
    version = left in _VERSIONS or rest[0] in _VERSIONS
    return _compare(_value(left, values), op, _value(rest[0], values), version), rest[1:]


def _value(token: str, values: dict[str, str]) -> str:
    return token[1:-1] if token[0] in "'\"" else values[token]


def _compare(left: str, op: str, right: str, version: bool) -> bool:
    if op in ("in", "not in"):
        return (left in right) == (op == "in")
    if not version:
        if op not in ("==", "!="):
            raise ValueError(f"{left!r} {op} {right!r} compares texts")
        return (left == right) == (op == "==")
    if op in ("==", "!=") and right.endswith(".*"):
        stem = _release(right[:-2])
        return (_release(left)[: len(stem)] == stem) == (op == "==")
    a, b = _padded(_release(left), _release(right))
    return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b, "==": a == b, "!=": a != b}[op]


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _padded(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    length = max(len(a), len(b))
    return a + (0,) * (length - len(a)), b + (0,) * (length - len(b))
