"""What an owner may leave in place of a settings file: random or mutated content, or no file at all."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from hypothesis import strategies as st

_DIGITS = "f" * 5000
#: Right-hand sides of TOML that are seldom expected.
VALUES = (
    "0", "-1", "1", "9223372036854775808", f"0x{_DIGITS}", "1e308", "-1e308", "inf", "nan", "0.5", "true",
    "false", '""', '"x"', r'"\u0000"', r'"a\nb"', '"192.0.2.7"', '"127.0.0.1"',
    '"../../etc/passwd"', f'"{"long " * 300}"',
    "1979-05-27", "1979-05-27T07:32:00Z", "07:32:00", "[]", '[""]', "[[[[]]]]", "[1, \"a\"]", "[nan]", "{}",
    "{a = 1}", "{a = {b = {c = []}}}", '"low"', '"en"', '"mqtt"', '"mqtt://192.0.2.1"', '"light"',
)  # fmt: skip


def contents(sound: str, keys: Sequence[str]) -> st.SearchStrategy[bytes]:
    """Contents of a file: random bytes, `sound` with parts changed, and known keys with other values.

    Args:
        sound: a content that can be used.
        keys: left-hand sides of assignments.
    """
    line = st.builds("{} = {}".format, st.sampled_from(keys), st.sampled_from(VALUES))
    return st.one_of(
        st.binary(max_size=200),
        _mutated(sound.encode()),
        st.lists(line, max_size=8, unique_by=lambda text: text.split(" = ")[0]).map(
            lambda lines: "\n".join(lines).encode()
        ),
        st.just(b"a." * 50_000 + b"a = 1"),
        st.just(b"a = " + b"[" * 10_000),
        st.just(b"#" * 2_000_000),
    )


def _mutated(data: bytes) -> st.SearchStrategy[bytes]:
    place = st.integers(0, len(data))
    change = st.tuples(place, st.integers(0, 20), st.binary(max_size=8))

    def changed(changes: list[tuple[int, int, bytes]]) -> bytes:
        result = data
        for at, length, new in changes:
            result = result[:at] + new + result[at + length :]
        return result

    return st.lists(change, min_size=1, max_size=4).map(changed)


def in_its_place(path: Path, what: str) -> None:
    """Put something else in the place of a file: "folder", "pipe", "dangling link" or "loop"."""
    path.unlink(missing_ok=True)
    match what:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "dangling link":
            path.symlink_to("nowhere")
        case "loop":
            path.symlink_to(path.name)


#: What `in_its_place` knows.
NO_FILES = ("folder", "pipe", "dangling link", "loop")
