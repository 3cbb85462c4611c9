"""The content store gives back what was put in, or nothing."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from buildimage.errors import Damaged
from buildimage.store import ContentStore, storage_errors
from common.errors import InvalidInput, StorageError
from tests.buildimage.archive import deb_of

_DATA = b"bytes of a package" * 1000
_HASH = hashlib.sha256(_DATA).hexdigest()


@pytest.fixture
def store(tmp_path: Path) -> ContentStore:
    return ContentStore(tmp_path / "store")


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A file system of one mebibyte."""
    place = tmp_path / "tiny"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small file system needs root")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def _files(store: ContentStore) -> list[Path]:
    return [path for path in store.root.rglob("*") if path.is_file()]


def test_a_stream_comes_back(store: ContentStore) -> None:
    path = store.put(io.BytesIO(_DATA), _HASH)
    assert store.get(_HASH, len(_DATA), full=True) == path == store.root / "sha256" / _HASH[:2] / _HASH
    assert path.read_bytes() == _DATA


def test_a_file_comes_back_and_stays(store: ContentStore, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(_DATA)
    store.put(source, _HASH)
    assert source.exists()
    assert store.get(_HASH) is not None


def test_an_object_is_read_only(store: ContentStore) -> None:
    assert store.put(io.BytesIO(_DATA), _HASH).stat().st_mode & 0o777 == 0o444


def test_other_bytes_are_refused_and_leave_nothing(store: ContentStore) -> None:
    with pytest.raises(Damaged):
        store.put(io.BytesIO(_DATA + b"x"), _HASH)
    assert _files(store) == []


def test_an_endless_stream_is_read_to_its_size_only(store: ContentStore) -> None:
    class Endless(io.RawIOBase):
        given = 0

        def readinto(self, buffer: object) -> int:
            length = len(buffer)  # type: ignore[arg-type]
            self.given += length
            return length

        def readable(self) -> bool:
            return True

    stream = Endless()
    with pytest.raises(Damaged):
        store.put(stream, _HASH, 1000)  # type: ignore[arg-type]
    assert stream.given <= 1001


def test_an_absent_object_is_none(store: ContentStore) -> None:
    assert store.get(_HASH) is None


def test_another_size_is_seen_without_hashing(store: ContentStore) -> None:
    path = store.put(io.BytesIO(_DATA), _HASH)
    path.chmod(0o644)
    path.write_bytes(_DATA[:-1])
    assert store.get(_HASH, len(_DATA)) is None


def test_damage_of_the_same_size_is_seen_by_hashing_alone(store: ContentStore) -> None:
    path = store.put(io.BytesIO(_DATA), _HASH)
    path.chmod(0o644)
    path.write_bytes(b"X" + _DATA[1:])
    assert store.get(_HASH, len(_DATA)) == path
    assert store.get(_HASH, len(_DATA), full=True) is None


def test_verify_lists_the_damaged_and_strangers(store: ContentStore) -> None:
    good = b"another"
    store.put(io.BytesIO(good), hashlib.sha256(good).hexdigest())
    bad = store.put(io.BytesIO(_DATA), _HASH)
    bad.chmod(0o644)
    bad.write_bytes(b"X" + _DATA[1:])
    stranger = bad.parent / "notes.txt"
    stranger.write_text("what is this")
    assert store.verify() == (bad, stranger)
    assert store.verify([_HASH, deb_of(good).sha256, "0" * 64]) == (bad,)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "AB" * 32, "ab" * 31, "ab" * 32 + "\n"])
def test_a_name_that_is_no_hash_is_refused(store: ContentStore, name: str) -> None:
    with pytest.raises(InvalidInput):
        store.get(name)


def test_two_fills_wait_for_each_other(store: ContentStore) -> None:
    order: list[str] = []
    waiting = threading.Event()

    def second() -> None:
        with ContentStore(store.root).exclusive(waiting.set):
            order.append("second")

    with store.exclusive(lambda: None):
        thread = threading.Thread(target=second)
        thread.start()
        assert waiting.wait(10)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]


def test_only_what_a_dead_build_left_is_swept(store: ContentStore) -> None:
    with store.exclusive(lambda: None):
        pass
    names = ("tmp/old", "tmp/new", "partial/old", "partial/new")
    for name in names:
        (store.root / name).parent.mkdir(exist_ok=True)
        (store.root / name).touch()
    (store.root / "tmp/folder").mkdir()
    long_ago = time.time() - 3 * 86400
    for name in ("tmp/old", "partial/old", "tmp/folder"):
        os.utime(store.root / name, (long_ago, long_ago))
    with store.exclusive(lambda: None):
        assert sorted(str(each.relative_to(store.root)) for each in store.root.glob("*/*")) == [
            "partial/new",
            "tmp/new",
        ]


def test_a_full_disk_is_named_and_leaves_nothing(tiny: Path) -> None:
    store = ContentStore(tiny / "store")
    data = bytes(2 << 20)
    with pytest.raises(StorageError, match="no space left") as caught:
        store.put(io.BytesIO(data), hashlib.sha256(data).hexdigest())
    assert caught.value.code == "store.full"
    assert _files(store) == []


def test_a_store_that_cannot_be_made_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError) as caught:
        ContentStore(tmp_path / "file" / "store").put(io.BytesIO(_DATA), _HASH)
    assert caught.value.code == "store.write"


def test_a_full_disk_says_how_much_is_needed(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="12345 bytes are still needed"), storage_errors(tmp_path, 12345):
        raise OSError(errno.ENOSPC, "full")
