"""The signed list: what is read from it, what is refused, what is chosen."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import InvalidInput
from services.updated.artefacts import choose, choose_named, parse_sums, releases
from services.updated.errors import UpdateRefused

HASH = "a" * 64
UUID = "0123456789abcdef" * 2


def _sums(*versions: str, arch: str = "x86-64") -> dict[str, str]:
    names = []
    for version in versions:
        names += [
            f"sotto_{version}.efi",
            f"sotto_{version}.root-{arch}_{UUID}.raw.xz",
            f"sotto_{version}.root-{arch}-verity_{UUID}.raw.xz",
        ]
    return dict.fromkeys(names, HASH)


def test_a_list_of_sha256sum_is_read() -> None:
    content = f"{HASH}  sotto_2.efi\n{HASH} *sotto_2.manifest\n".encode()
    assert parse_sums(content) == {"sotto_2.efi": HASH, "sotto_2.manifest": HASH}


@pytest.mark.parametrize(
    "line",
    [
        f"{HASH}  ../../x",
        f"{HASH}  /etc/passwd",
        f"{HASH}  a/b",
        f"{HASH}  .hidden",
        f"{HASH}  ..",
        f"{HASH}  a\0b",
        f"{HASH} sotto_2.efi",
        f"{HASH.upper()}  x",
        f"{HASH[:-1]}  x",
        "nonsense",
        f"{HASH}  " + "n" * 300,
        f"{HASH}  naïve",
    ],
)
def test_a_line_that_is_no_plain_name_is_refused(line: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_sums(line.encode())
    assert caught.value.code == "update.sums"


def test_two_hashes_for_a_name_are_refused() -> None:
    with pytest.raises(InvalidInput):
        parse_sums(f"{HASH}  x\n{'b' * 64}  x\n".encode())


def test_a_list_without_end_is_refused() -> None:
    with pytest.raises(InvalidInput):
        parse_sums(b"\n" * 10_001)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with contextlib.suppress(InvalidInput):
        assert all("/" not in name for name in parse_sums(content))


def test_a_release_has_all_three_files() -> None:
    sums = _sums("2", "3")
    del sums["sotto_3.efi"]
    found = releases(sums, "x86-64")
    assert set(found) == {"2"}
    assert [a.name.split(".")[1][:4] for a in found["2"].artefacts] == ["root", "root", "efi"]
    assert found["2"].root.uuid == UUID


def test_files_for_another_architecture_do_not_count() -> None:
    assert releases(_sums("2", arch="arm64"), "x86-64") == {}


def test_two_roots_of_a_version_are_refused() -> None:
    with pytest.raises(InvalidInput):
        releases({**_sums("2"), f"sotto_2.root-x86-64_{'f' * 32}.raw.xz": HASH}, "x86-64")


def test_the_newest_newer_one_is_chosen() -> None:
    choice = choose(releases(_sums("1", "2", "10", "9"), "x86-64"), "2", ())
    assert choice.release is not None and choice.release.version == "10"


def test_what_was_rolled_back_is_not_offered_again() -> None:
    offered = releases(_sums("2", "3", "4"), "x86-64")
    first = choose(offered, "2", {"4"})
    assert first.release is not None and first.release.version == "3"
    none = choose(offered, "2", {"3", "4"})
    assert none.release is None and "rolled back" in none.reason


def test_older_and_equal_versions_are_not_offered() -> None:
    assert choose(releases(_sums("1", "2"), "x86-64"), "2", ()).release is None


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ("1", "update.downgrade"),
        ("2", "update.downgrade"),
        ("3", "update.rolled-back"),
        ("5", "update.incomplete"),
    ],
)
def test_a_version_asked_for_by_name_is_refused_with_the_reason(wanted: str, code: str) -> None:
    with pytest.raises(UpdateRefused) as caught:
        choose_named(releases(_sums("1", "2", "3", "4"), "x86-64"), wanted, "2", {"3"})
    assert caught.value.code == code


def test_a_newer_version_can_be_asked_for_by_name() -> None:
    assert choose_named(releases(_sums("3", "4"), "x86-64"), "3", "2", ()).version == "3"
