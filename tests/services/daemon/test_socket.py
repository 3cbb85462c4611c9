"""The socket of a daemon lies in a folder that nobody else may write in."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from common.errors import Conflict, StorageError
from services.daemon.socket import prepare_socket_path, socket_umask


@pytest.mark.parametrize(
    ("folder", "umask"), [(0o700, 0o177), (0o750, 0o117), (0o755, 0o177), (0o770, 0o117)]
)
def test_the_folder_tells_who_may_call(folder: int, umask: int) -> None:
    assert socket_umask(folder) == umask


def test_the_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    prepare_socket_path(tmp_path / "deep" / "a.sock")
    assert (tmp_path / "deep").stat().st_mode & 0o777 == 0o700


def test_a_socket_that_was_left_behind_is_removed(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    path = tmp_path / "a.sock"
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(path))
    prepare_socket_path(path)
    assert not path.exists()


def test_a_daemon_that_answers_is_not_pushed_aside(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    path = tmp_path / "a.sock"
    with socket.socket(socket.AF_UNIX) as living:
        living.bind(str(path))
        living.listen()
        with pytest.raises(Conflict):
            prepare_socket_path(path)
    assert path.exists()


@pytest.mark.parametrize("obstacle", ["others may write", "a file", "no folder"])
def test_a_place_that_is_not_safe_is_refused_and_the_variable_named(tmp_path: Path, obstacle: str) -> None:
    tmp_path.chmod(0o777 if obstacle == "others may write" else 0o700)
    path = tmp_path / "a.sock"
    if obstacle == "a file":
        path.write_text("somebody's")
    elif obstacle == "no folder":
        (tmp_path / "file").touch()
        path = tmp_path / "file" / "a.sock"
    with pytest.raises(StorageError) as caught:
        prepare_socket_path(path, "SOTTO_OWN_SOCKET")
    assert caught.value.code == "daemon.socket"
    assert "SOTTO_OWN_SOCKET" in caught.value.hint
