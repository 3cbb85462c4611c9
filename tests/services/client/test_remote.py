"""Is the assistant there? What a command does itself, it does in a house of its own."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from services.client.remote import RemoteBackend
from services.wire.status import RemoteError


def test_a_daemon_that_is_busy_is_not_taken_for_none(tmp_path: Path) -> None:
    path = tmp_path / "assistantd.sock"
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(path))
        silent.listen()
        with pytest.raises(RemoteError) as caught:
            RemoteBackend(path).answers(timeout=0.5)
    assert caught.value.code == "daemon.busy"


def test_a_socket_that_was_left_behind_is_none(tmp_path: Path) -> None:
    path = tmp_path / "assistantd.sock"
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(path))
    assert not RemoteBackend(path).answers(timeout=5.0)
