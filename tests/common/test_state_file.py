from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from common.errors import StorageError
from common.state_file import load_json, save_json


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    save_json(tmp_path / "deep" / "a.json", {"x": [1, "ü"]})
    assert load_json(tmp_path / "deep" / "a.json") == {"x": [1, "ü"]}


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    save_json(tmp_path / "a.json", 1)
    assert stat.S_IMODE((tmp_path / "a.json").stat().st_mode) == 0o600


def test_nothing_there_is_nothing(tmp_path: Path) -> None:
    assert load_json(tmp_path / "a.json") is None


@pytest.mark.parametrize("content", ["{", "[" * 100_000, "\x00", "1" * (1024 * 1024 + 1)])
def test_what_is_damaged_is_set_aside(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.json").write_text(content)
    assert load_json(tmp_path / "a.json") is None
    assert (tmp_path / "a.json.damaged").read_text() == content


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
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
