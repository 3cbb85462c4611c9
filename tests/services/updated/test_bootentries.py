"""What names of kernel images tell, and how they are changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.updated.bootentries import BootEntry, BootFolder, on_trial, parse_entry
from services.updated.errors import InstallFailed


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("sotto_2.efi", BootEntry("2")),
        ("sotto_3+2-1.efi", BootEntry("3", 2, 1)),
        ("sotto_3+3.efi", BootEntry("3", 3)),
        ("sotto_2026.1~rc1+0-3.efi", BootEntry("2026.1~rc1", 0, 3)),
        ("debian.efi", None),
        ("sotto_.efi", None),
        ("sotto_3+.efi", None),
        (".#sysupdatesotto_3+3-0.efi0123", None),
    ],
)
def test_a_name_tells_version_and_tries(name: str, entry: BootEntry | None) -> None:
    assert parse_entry(name) == entry


@given(st.integers(0, 9999), st.integers(0, 9999))
def test_names_are_read_back(left: int, done: int) -> None:
    entry = BootEntry("7", left, done)
    assert parse_entry(entry.name) == entry


def test_the_last_try_of_a_trial_is_still_on_trial() -> None:
    assert on_trial([BootEntry("2"), BootEntry("3", 0, 3)], "3")


def test_a_blessed_or_unknown_version_is_not_on_trial() -> None:
    assert not on_trial([BootEntry("2"), BootEntry("3", 1, 2)], "2")
    assert not on_trial([], "2")


def test_removing_takes_leftovers_of_interrupted_updates_along(tmp_path: Path) -> None:
    for name in ("sotto_1.efi", "sotto_2+0-3.efi", ".#sysupdatesotto_3+3-0.efi01", "other.efi"):
        (tmp_path / name).touch()
    BootFolder(tmp_path).remove(["2"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other.efi", "sotto_1.efi"]


@pytest.mark.parametrize("name", ["sotto_3.efi", "sotto_3+2-1.efi"])
def test_giving_up_leaves_no_tries(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    BootFolder(tmp_path).give_up("3")
    entry = BootFolder(tmp_path).entries()[0]
    assert entry.failed and entry.done > 0


def test_an_unmounted_boot_partition_is_said(tmp_path: Path) -> None:
    with pytest.raises(InstallFailed, match="boot"):
        BootFolder(tmp_path / "absent").entries()
