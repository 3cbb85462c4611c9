"""A TOML file is a table, or the error that its reader wants; never anything else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import InvalidInput
from common.settings_file import read_table
from common.toml_file import Flaw, read_toml, shown, shown_key


def failed(flaw: Flaw, why: str) -> InvalidInput:
    return InvalidInput(f"it {why}", code=f"own.{flaw}")


def test_a_table_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('[b]\nc = "ü"\n', "utf-8")
    assert read_toml(tmp_path / "a.toml", 100, failed) == {"b": {"c": "ü"}}


def test_no_file_is_none(tmp_path: Path) -> None:
    assert read_toml(tmp_path / "a.toml", 100, failed) is None


@pytest.mark.parametrize(
    ("content", "flaw"),
    [
        (b"a =", "syntax"),
        (b"\xff", "syntax"),
        (b"a = " + b"[" * 5000, "syntax"),
        (b"#" * 10_001, "too-large"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, content: bytes, flaw: str) -> None:
    (tmp_path / "a.toml").write_bytes(content)
    with pytest.raises(InvalidInput) as caught:
        read_toml(tmp_path / "a.toml", 10_000, failed)
    assert caught.value.code == f"own.{flaw}"


def test_a_pipe_in_its_place_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.toml")
    with pytest.raises(InvalidInput, match="no plain file") as caught:
        read_toml(tmp_path / "a.toml", 100, failed)
    assert caught.value.code == "own.unreadable"


@given(st.binary(max_size=200))
def test_nothing_but_a_table_or_the_error_comes_of_it(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("toml") / "a.toml"
    path.write_bytes(content)
    try:
        assert isinstance(read_toml(path, 1000, failed), dict)
    except InvalidInput as error:
        assert error.code == "own.syntax"


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"a =", "settings.syntax"), (b"#" * 300_000, "settings.too-large"), (None, "settings.unreadable")],
)
def test_a_settings_file_that_cannot_be_used_says_why(
    tmp_path: Path, content: bytes | None, code: str
) -> None:
    path = tmp_path / "settings.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InvalidInput) as caught:
        read_table(path)
    assert caught.value.code == code
    assert str(path) in caught.value.message and caught.value.hint


def test_a_key_of_very_many_parts_is_refused_before_it_takes_minutes(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(".".join("a" * 300) + " = 1")
    with pytest.raises(InvalidInput, match="dots"):
        read_table(tmp_path / "a.toml")


def test_dots_in_texts_and_rulers_are_no_parts_of_keys(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("# " + "." * 500 + '\na = "' + "." * 500 + '"\n')
    assert read_table(tmp_path / "a.toml") == {"a": "." * 500}


def test_values_and_keys_are_shown_short_and_printable() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    for text in (shown("x" * 1000), shown(16**5000), shown(deep), shown("a\x1bb"), shown_key("k\x1b" * 1000)):
        assert len(text) < 70
        assert text.isprintable()
    while deep:
        deep = deep.pop()  # type: ignore[assignment]
