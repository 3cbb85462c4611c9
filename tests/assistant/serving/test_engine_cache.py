"""The cache of compiled models: bounded, checked, and never in the way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.serving.engine_cache import EngineCache
from tests.conftest import REPOSITORY


def test_what_was_stored_is_loaded(tmp_path: Path) -> None:
    cache = EngineCache(tmp_path / "deep" / "folder")
    assert cache.load("a") is None
    assert cache.store("a", b"plan")
    assert cache.load("a") == b"plan"


@pytest.mark.parametrize("content", [b"", b"x" * 10, b"x" * 1000])
def test_what_is_damaged_is_removed(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.compiled").write_bytes(content)
    assert EngineCache(tmp_path).load("a") is None
    assert not list(tmp_path.iterdir())


def test_a_pipe_or_folder_in_its_place_is_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.compiled")
    (tmp_path / "b.compiled").mkdir()
    cache = EngineCache(tmp_path)
    assert cache.load("a") is None
    assert cache.load("b") is None
    assert not cache.store("b", b"plan")


def test_what_was_used_longest_ago_makes_room(tmp_path: Path) -> None:
    cache = EngineCache(tmp_path, most_bytes=1000)
    for age, key in enumerate(("old", "used", "new")):
        cache.store(key, bytes(250))
        os.utime(tmp_path / f"{key}.compiled", (1_000_000 + age, 1_000_000 + age))
    assert cache.load("old") is not None
    assert cache.store("more", bytes(250))
    assert cache.load("used") is None
    assert [cache.load(key) for key in ("old", "new", "more")] == [bytes(250)] * 3


def test_what_is_too_large_is_not_stored(tmp_path: Path) -> None:
    assert not EngineCache(tmp_path, most_bytes=10).store("a", bytes(11))


def test_a_folder_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = EngineCache(tmp_path / "file" / "folder")
    assert not cache.store("a", b"plan")
    assert cache.load("a") is None


_FULL = """
import resource, signal, sys
from pathlib import Path
from assistant.serving.engine_cache import EngineCache
# A file cannot grow beyond this, as on a full disk; the error is another one.
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
cache = EngineCache(Path(sys.argv[1]))
print(cache.store("a", bytes(100_000)), cache.load("a"), sorted(p.name for p in Path(sys.argv[1]).iterdir()))
"""


def test_a_disk_that_takes_no_more_leaves_nothing_behind(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FULL, str(tmp_path)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "False None []\n", done.stderr
