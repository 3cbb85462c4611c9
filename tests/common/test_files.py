"""Files are read up to a limit, never through a link where that matters, and replaced whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from common.errors import StorageError, TooLarge
from common.files import read_bounded, read_plain, remove, replace_file, write_whole


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    assert read_bounded(path, 5) == b"12345"
    with pytest.raises(TooLarge) as caught:
        read_bounded(path, 4)
    assert caught.value.code == "file.too-large"
    assert read_plain(path, 2) == b"12"


def test_no_file_is_none(tmp_path: Path) -> None:
    assert read_bounded(tmp_path / "none", 9) is None


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_what_is_no_plain_file_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a"
    if kind == "link":
        (tmp_path / "b").write_bytes(b"secret")
        path.symlink_to(tmp_path / "b")
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    with pytest.raises(StorageError) as caught:
        read_bounded(path, 100)
    assert caught.value.code == "file.unreadable"


def test_a_refused_file_leaves_no_handle_open(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for path in (tmp_path / "a", tmp_path):
        with pytest.raises(OSError, match="no plain file"):
            read_plain(path, 1)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_an_owner_may_link_to_a_file_of_his_own(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"x = 1")
    (tmp_path / "a").symlink_to(tmp_path / "b")
    assert read_plain(tmp_path / "a", 100) == b"x = 1"


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o660])
def test_a_file_gets_its_mode_whatever_the_umask(tmp_path: Path, mode: int) -> None:
    before = os.umask(0o077)
    try:
        assert write_whole(tmp_path / "a", b"new", mode)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == mode


def test_without_a_mode_the_umask_decides(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        replace_file(tmp_path / "a", b"new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


def test_what_is_there_already_is_not_written_again(tmp_path: Path) -> None:
    assert write_whole(tmp_path / "a", b"same")
    inode = (tmp_path / "a").stat().st_ino
    assert not write_whole(tmp_path / "a", b"same")
    assert (tmp_path / "a").stat().st_ino == inode


def test_a_link_in_the_way_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"old")
    (tmp_path / "a").symlink_to(tmp_path / "b")
    assert write_whole(tmp_path / "a", b"new")
    assert (tmp_path / "b").read_bytes() == b"old"
    assert not (tmp_path / "a").is_symlink()


def test_a_folder_that_is_a_link_is_entered_only_where_that_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "folder").symlink_to(tmp_path / "real")
    with pytest.raises(StorageError):
        write_whole(tmp_path / "folder" / "a", b"new")
    replace_file(tmp_path / "folder" / "a", b"new")
    assert (tmp_path / "real" / "a").read_bytes() == b"new"


@pytest.mark.parametrize("durable", [True, False])
def test_a_failed_write_leaves_the_old_file_and_no_rubbish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, durable: bool
) -> None:
    replace_file(tmp_path / "a", b"old")

    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync" if durable else "rename", refuse)
    with pytest.raises(OSError, match="No space left"):
        replace_file(tmp_path / "a", b"new", durable=durable)
    assert (tmp_path / "a").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_removing_says_whether_there_was_anything(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    assert remove(tmp_path / "a")
    assert not remove(tmp_path / "a")
    with pytest.raises(StorageError):
        remove(tmp_path)
