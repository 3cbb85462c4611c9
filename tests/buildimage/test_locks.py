"""Locks keep what they are given, and name the line that cannot be used."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from buildimage.locks import (
    MAX_LOCK_BYTES,
    Deb,
    Wheel,
    changes,
    read_debs,
    read_wheels,
    write_debs,
    write_wheels,
)
from common.errors import InvalidInput, NotFound, StorageError, TooLarge

_HASH = "ab" * 32
_BASH = Deb("bash", "5.2.37-2+b5", "amd64", _HASH, 1501796, "bash", "main")
_LINE = f"bash 5.2.37-2+b5 amd64 {_HASH} 1501796 main/bash"

_hashes = st.text("0123456789abcdef", min_size=64, max_size=64)
_names = st.from_regex(r"[a-z0-9][a-z0-9+.\-]{1,20}", fullmatch=True)
_debs = st.builds(
    Deb,
    name=_names,
    version=st.from_regex(r"([0-9]{1,2}:)?[0-9][0-9A-Za-z.+~\-]{0,15}", fullmatch=True),
    architecture=st.sampled_from(["amd64", "arm64", "all"]),
    sha256=_hashes,
    size=st.integers(1, 4 << 30),
    source=_names,
    component=st.sampled_from(["main", "non-free-firmware"]),
)
_wheels = st.builds(
    Wheel,
    filename=st.from_regex(r"[a-z][a-z0-9_]{0,9}-[0-9]\.[0-9](\.post1)?-py3-none-any\.whl", fullmatch=True),
    sha256=_hashes,
)
_anywhere = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@_anywhere
@given(st.lists(_debs, unique_by=lambda deb: (deb.name, deb.architecture)))
def test_what_is_written_is_read_again(tmp_path: Path, debs: list[Deb]) -> None:
    write_debs(tmp_path / "x.lock", debs)
    assert set(read_debs(tmp_path / "x.lock")) == set(debs)


@_anywhere
@given(st.lists(_wheels, unique_by=lambda wheel: wheel.name))
def test_wheels_are_read_again(tmp_path: Path, wheels: list[Wheel]) -> None:
    write_wheels(tmp_path / "x.lock", wheels)
    assert set(read_wheels(tmp_path / "x.lock")) == set(wheels)


@_anywhere
@given(st.lists(_debs, unique_by=lambda deb: (deb.name, deb.architecture)), st.randoms())
def test_the_order_given_does_not_matter(tmp_path: Path, debs: list[Deb], random: object) -> None:
    write_debs(tmp_path / "one.lock", debs)
    random.shuffle(debs)  # type: ignore[attr-defined]
    write_debs(tmp_path / "two.lock", debs)
    assert (tmp_path / "one.lock").read_bytes() == (tmp_path / "two.lock").read_bytes()


@_anywhere
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.lock"
    path.write_bytes(data)
    try:
        read_debs(path)
    except InvalidInput as error:
        assert f"{path}:" in error.message


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (_LINE.replace(" main/", "  main/"), "expected"),
        (_LINE.rsplit(" ", 1)[0], "expected"),
        (_LINE.replace("bash ", "../x ", 1), "package name"),
        (_LINE.replace("bash ", "Bash ", 1), "package name"),
        (_LINE.replace("5.2.37-2+b5", "5/../2"), "version"),
        (_LINE.replace("amd64", "amd/64"), "architecture"),
        (_LINE.replace(_HASH, _HASH[1:]), "sha256"),
        (_LINE.replace(_HASH, _HASH.upper()), "sha256"),
        (_LINE.replace("1501796", "0"), "size"),
        (_LINE.replace("1501796", "-5"), "size"),
        (_LINE.replace("1501796", "999999999999"), "size"),
        (_LINE.replace("main/bash", "bash"), "component/source"),
        (_LINE.replace("main/bash", "main/a/b"), "source"),
        (_LINE + "\r", "source"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, says: str) -> None:
    path = tmp_path / "x.lock"
    path.write_bytes(f"# head\n\n{line}\n".encode())
    with pytest.raises(InvalidInput, match=says) as caught:
        read_debs(path)
    assert f"{path}:3: " in caught.value.message
    assert "image-lock" in caught.value.hint


@pytest.mark.parametrize(
    "name", ["a.whl", "../a-1-py3-none-any.whl", "a-1-py3-none-any.zip", "a-1-py3-any.whl"]
)
def test_a_wheel_needs_a_wheels_name(tmp_path: Path, name: str) -> None:
    (tmp_path / "x.lock").write_text(f"{name} {_HASH}\n")
    with pytest.raises(InvalidInput, match="file name of a wheel"):
        read_wheels(tmp_path / "x.lock")


def test_a_package_stands_there_once(tmp_path: Path) -> None:
    (tmp_path / "x.lock").write_text(f"{_LINE}\n{_LINE.replace('5.2.37', '5.2.38')}\n")
    with pytest.raises(InvalidInput, match=r"x\.lock:2: bash \(amd64\) stands here twice"):
        read_debs(tmp_path / "x.lock")


def test_two_versions_are_not_written(tmp_path: Path) -> None:
    other = dataclasses.replace(_BASH, version="6")
    with pytest.raises(InvalidInput, match="locked twice"):
        write_debs(tmp_path / "x.lock", [_BASH, other])
    assert not (tmp_path / "x.lock").exists()


def test_the_same_package_of_two_sets_is_written_once(tmp_path: Path) -> None:
    write_debs(tmp_path / "x.lock", [_BASH, _BASH])
    assert read_debs(tmp_path / "x.lock") == (_BASH,)


def test_a_huge_lock_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "x.lock").write_bytes(b"#" * (MAX_LOCK_BYTES + 1))
    with pytest.raises(TooLarge, match=str(MAX_LOCK_BYTES)):
        read_debs(tmp_path / "x.lock")


def test_a_missing_lock_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="make image-lock"):
        read_debs(tmp_path / "x.lock")


def test_a_lock_that_is_a_folder_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be read"):
        read_debs(tmp_path)


def test_a_failed_write_leaves_the_old_lock_and_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "x.lock").mkdir()
    with pytest.raises(StorageError):
        write_debs(tmp_path / "x.lock", [_BASH])
    assert [each.name for each in tmp_path.iterdir()] == ["x.lock"]


def test_changes_name_what_is_different() -> None:
    old = [_BASH, dataclasses.replace(_BASH, name="gone"), dataclasses.replace(_BASH, name="rebuilt")]
    new = [
        dataclasses.replace(_BASH, version="5.3-1"),
        dataclasses.replace(_BASH, name="fresh"),
        dataclasses.replace(_BASH, name="rebuilt", sha256="cd" * 32),
    ]
    assert changes(old, new) == (
        "updated bash 5.2.37-2+b5 -> 5.3-1",
        "added fresh 5.2.37-2+b5",
        "removed gone 5.2.37-2+b5",
        "rebuilt rebuilt 5.2.37-2+b5: same version, other content",
    )


@given(st.lists(_debs, unique_by=lambda deb: deb.name))
def test_nothing_changes_between_equals(debs: list[Deb]) -> None:
    assert changes(debs, list(reversed(debs))) == ()


def test_the_pools_file_name_has_no_epoch() -> None:
    deb = dataclasses.replace(_BASH, version="1:2.3-4")
    assert deb.filename == "bash_2.3-4_amd64.deb"
