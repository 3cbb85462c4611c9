import os
import subprocess
import sys
from pathlib import Path

import pytest

from common.errors import Conflict, StorageError
from common.lock import StateLock


def test_a_second_owner_is_refused_and_told_who_is_the_first(tmp_path: Path) -> None:
    lock = StateLock(tmp_path)
    with pytest.raises(Conflict, match=str(os.getpid())):
        StateLock(tmp_path)
    lock.release()
    StateLock(tmp_path).release()


def test_a_killed_owner_leaves_nothing_behind(tmp_path: Path) -> None:
    code = (
        "import os, pathlib\n"
        "from common.lock import StateLock\n"
        f"lock = StateLock(pathlib.Path({str(tmp_path)!r}))\n"
        "os.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == -9
    StateLock(tmp_path).release()


def test_a_place_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="file"):
        StateLock(tmp_path / "file" / "state")
