from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from common.errors import StorageError
from common.faults import Faults
from common.state_file import load_json, save_json


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    save_json(tmp_path / "deep" / "a.json", {"x": [1, "ü"]})
    assert load_json(tmp_path / "deep" / "a.json") == {"x": [1, "ü"]}


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    save_json(tmp_path / "a.json", 1)
    assert stat.S_IMODE((tmp_path / "a.json").stat().st_mode) == 0o600


def test_nothing_there_is_nothing(tmp_path: Path) -> None:
    assert load_json(tmp_path / "a.json") is None


DAMAGED = ["", "{", "[" * 100_000, "\x00", "\udcff", "1" * (1024 * 1024 + 1)]


@pytest.mark.parametrize("content", DAMAGED)
def test_what_is_damaged_is_set_aside(tmp_path: Path, content: str) -> None:
    damaged = content.encode("utf-8", "surrogateescape")
    (tmp_path / "a.json").write_bytes(damaged)
    faults = Faults()
    assert load_json(tmp_path / "a.json", what="the eggs", faults=faults) is None
    assert (tmp_path / "a.json.damaged").read_bytes() == damaged
    (fault,) = faults.all()
    assert (fault.code, "the eggs" in fault.message, "a.json.damaged" in fault.hint) == (
        "state.lost",
        True,
        True,
    )


@pytest.mark.parametrize("content", DAMAGED)
def test_the_copy_is_taken_where_the_file_is_damaged(tmp_path: Path, content: str) -> None:
    save_json(tmp_path / "a.json", {"x": 1})
    save_json(tmp_path / "a.json", {"x": 2})
    (tmp_path / "a.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    faults = Faults()
    assert load_json(tmp_path / "a.json", faults=faults) == {"x": 2}
    assert faults.all() == ()


def test_the_copy_is_taken_where_the_content_is_refused(tmp_path: Path) -> None:
    save_json(tmp_path / "a.json", {"x": 2})
    (tmp_path / "a.json").write_text("{}")
    assert load_json(tmp_path / "a.json", lambda content: content["x"]) == 2


def test_a_copy_that_is_damaged_too_is_a_loss(tmp_path: Path) -> None:
    save_json(tmp_path / "a.json", {"x": 2})
    for name in ("a.json", "a.json.copy"):
        (tmp_path / name).write_text('{"x": "two"}')
    faults = Faults()
    assert load_json(tmp_path / "a.json", lambda content: int(content["x"]), faults=faults) is None
    assert [fault.code for fault in faults.all()] == ["state.lost"]


def test_a_file_that_was_removed_does_not_come_back(tmp_path: Path) -> None:
    save_json(tmp_path / "a.json", {"x": 2})
    (tmp_path / "a.json").unlink()
    assert load_json(tmp_path / "a.json") is None


def test_what_is_not_worth_a_copy_has_none(tmp_path: Path) -> None:
    save_json(tmp_path / "a.json", {"x": 2}, copy=False)
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_json(tmp_path / "a.json", "old")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="No space left"):
        save_json(tmp_path / "a.json", "new")
    assert load_json(tmp_path / "a.json") == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "a.json.copy"]
