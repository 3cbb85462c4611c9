"""Filling the store from an archive on loopback that stalls, truncates, lies and goes away.

Debian's mirrors have nothing of what is wanted here; test_aptfetch is about them.
"""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from buildimage.aptfetch import Missing, Outcome
from buildimage.download import Downloader, Patience
from buildimage.fill import fill
from buildimage.locks import Deb
from buildimage.mirror import Mirrors, pool_path
from buildimage.store import ContentStore
from common.errors import NotFound, SottoError, StorageError, Unavailable
from tests.buildimage.archive import Page, PoolServer, deb_of
from tests.buildimage.test_store import tiny  # noqa: F401 - a fixture

_DATA = random.Random(7).randbytes(300_000)
_BASH = deb_of(_DATA)
_PATH = f"/{pool_path(_BASH)}"
_SECURITY_PATH = f"/{pool_path(_BASH, 'pool/updates')}"
_MIRRORS = Mirrors("http://m.invalid/debian", "http://m.invalid/debian-security")
_HASTE = Patience(silence_s=0.5, attempts=3, first_pause_s=0.01)


@pytest.fixture
def server() -> Iterator[PoolServer]:
    with PoolServer().running() as server:
        yield server


@pytest.fixture
def store(tmp_path: Path) -> ContentStore:
    return ContentStore(tmp_path / "store")


@pytest.fixture(autouse=True)
def _empty_mirrors(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(_: ContentStore, wanted: Sequence[Deb], *__: object, **___: object) -> Outcome:
        return Outcome(tuple(Missing(deb) for deb in wanted))

    monkeypatch.setattr("buildimage.aptfetch.fetch", nothing)


def _fill(store: ContentStore, *debs: Deb, archive: str, offline: bool = False) -> tuple[str, ...]:
    return fill(store, debs, lambda: _MIRRORS, archive=archive, offline=offline, patience=_HASTE, proxy={})


def _has(store: ContentStore, deb: Deb = _BASH) -> bool:
    return store.get(deb.sha256, deb.size, full=True) is not None


def test_packages_come_from_the_pool(server: PoolServer, store: ContentStore) -> None:
    debs = [deb_of(f"{number}".encode() * 1000, f"package{number}") for number in range(20)]
    for number, deb in enumerate(debs):
        server.pages[f"/{pool_path(deb)}"] = Page(f"{number}".encode() * 1000)
    _fill(store, *debs, archive=server.address)
    assert all(_has(store, deb) for deb in debs)


def test_a_second_fill_asks_nobody(server: PoolServer, store: ContentStore) -> None:
    server.pages[_PATH] = Page(_DATA)
    _fill(store, _BASH, archive=server.address)
    fill(store, [_BASH], lambda: pytest.fail("asked for mirrors"), proxy={})
    assert len(server.asked) == 1


def test_a_security_update_is_found_under_updates(server: PoolServer, store: ContentStore) -> None:
    server.pages[_SECURITY_PATH] = Page(_DATA)
    _fill(store, _BASH, archive=server.address)
    assert _has(store)


def test_a_plus_sign_is_escaped(server: PoolServer, store: ContentStore) -> None:
    deb = deb_of(_DATA, "libstdc++6", "14~rc1+b2")
    server.pages["/pool/main/libs/libstdc%2B%2B6/libstdc%2B%2B6_14~rc1%2Bb2_amd64.deb"] = Page(_DATA)
    _fill(store, deb, archive=server.address)
    assert _has(store, deb)


def test_a_broken_transfer_goes_on_where_it_stopped(server: PoolServer, store: ContentStore) -> None:
    server.pages[_PATH] = Page(_DATA, cut=100_000)
    _fill(store, _BASH, archive=server.address)
    assert server.asked == [(_PATH, ""), (_PATH, "bytes=100000-")]
    assert _has(store)


def test_an_earlier_runs_partial_download_is_used(server: PoolServer, store: ContentStore) -> None:
    store.partial(_BASH.sha256).write_bytes(_DATA[:250_000])
    server.pages[_PATH] = Page(_DATA)
    _fill(store, _BASH, archive=server.address)
    assert server.asked == [(_PATH, "bytes=250000-")]
    assert _has(store)


def test_a_complete_partial_download_needs_no_request(server: PoolServer, store: ContentStore) -> None:
    store.partial(_BASH.sha256).write_bytes(_DATA)
    _fill(store, _BASH, archive=server.address)
    assert server.asked == []
    assert _has(store)


@pytest.mark.parametrize("rubbish", [b"x" * 1000, _DATA + b"more", b"x" * len(_DATA)])
def test_a_damaged_partial_download_is_begun_anew(
    server: PoolServer, store: ContentStore, rubbish: bytes
) -> None:
    store.partial(_BASH.sha256).write_bytes(rubbish)
    server.pages[_PATH] = Page(_DATA)
    _fill(store, _BASH, archive=server.address)
    assert _has(store)


def test_a_server_without_ranges_begins_anew(server: PoolServer, store: ContentStore) -> None:
    server.pages[_PATH] = Page(_DATA, cut=100_000, ranges=False)
    _fill(store, _BASH, archive=server.address)
    assert _has(store)


def test_a_wrong_range_is_not_spliced_in(server: PoolServer, store: ContentStore) -> None:
    server.pages[_PATH] = Page(_DATA, cut=100_000, wrong_range=True)
    _fill(store, _BASH, archive=server.address)
    assert _has(store)


def test_a_passing_trouble_of_the_server_is_waited_for(server: PoolServer, store: ContentStore) -> None:
    server.pages[_PATH] = Page(_DATA, fail=[503, 429])
    _fill(store, _BASH, archive=server.address)
    assert _has(store)


def test_a_server_that_always_truncates_is_given_up(server: PoolServer, store: ContentStore) -> None:
    server.pages[_PATH] = Page(_DATA, cut=10, cuts=99, ranges=False)
    with pytest.raises(
        Unavailable, match=r"could not be fetched: bash 5\.2-1 \(amd64\).*ended at 10 of"
    ) as caught:
        _fill(store, _BASH, archive=server.address)
    assert caught.value.code == "store.fetch"
    assert len(server.asked) < 10


def test_a_server_that_stalls_is_given_up(server: PoolServer, store: ContentStore) -> None:
    server.pages[_PATH] = Page(_DATA, stall=True)
    with pytest.raises(Unavailable, match="broke off at"):
        _fill(store, _BASH, archive=server.address)


def test_a_trickle_is_too_slow(server: PoolServer, store: ContentStore) -> None:
    server.pages[_PATH] = Page(_DATA)
    ticks = iter(range(0, 100_000, 50))
    downloader = Downloader({}, Patience(attempts=1, floor_bytes_per_s=1e9), clock=lambda: float(next(ticks)))
    with pytest.raises(Exception, match="too slow"):
        downloader.fetch(server.address + _PATH, store.partial(_BASH.sha256), _BASH.size, _BASH.sha256)


def test_other_bytes_of_the_same_size_are_refused(server: PoolServer, store: ContentStore) -> None:
    server.pages[_PATH] = Page(b"X" + _DATA[1:])
    with pytest.raises(NotFound, match="other content than locked"):
        _fill(store, _BASH, archive=server.address)
    assert not _has(store)
    assert not list((store.root / "partial").iterdir())


def test_a_page_of_another_length_is_not_read(server: PoolServer, store: ContentStore) -> None:
    server.pages[_PATH] = Page(b"<html>")
    with pytest.raises(NotFound, match=r"0 \+ 6 bytes, not the 300000"):
        _fill(store, _BASH, archive=server.address)


def test_nothing_is_read_past_the_locked_size(server: PoolServer, store: ContentStore) -> None:
    server.pages[_PATH] = Page(_DATA + bytes(50 << 20), announce=-1)
    _fill(store, _BASH, archive=server.address)
    assert _has(store)
    assert server.sent < 20 << 20


def test_all_that_is_gone_is_named_at_once(server: PoolServer, store: ContentStore) -> None:
    other = deb_of(b"other", "zlib1g", "1:1.3-1", "arm64")
    server.pages[_PATH] = Page(_DATA)
    with pytest.raises(NotFound) as caught:
        _fill(store, _BASH, other, deb_of(b"third", "xz"), archive=server.address)
    assert caught.value.code == "store.gone"
    assert "locked version gone: zlib1g 1:1.3-1 (arm64)" in caught.value.message
    assert "locked version gone: xz 5.2-1 (amd64)" in caught.value.message
    assert "bash" not in caught.value.message
    assert "ARCHIVE=" in caught.value.hint
    assert "image-lock" in caught.value.hint
    assert _has(store)


def test_a_refusal_is_told(server: PoolServer, store: ContentStore) -> None:
    server.pages[_PATH] = Page(_DATA, fail=[407])
    with pytest.raises(NotFound, match="status 407"):
        _fill(store, _BASH, archive=server.address)


def test_a_mirror_that_is_gone_is_named_once(store: ContentStore) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    debs = [deb_of(f"{number}".encode(), f"package{number}") for number in range(8)]
    with pytest.raises(Unavailable, match=rf"mirror gone: http://127\.0\.0\.1:{port}/.*refused") as caught:
        _fill(store, *debs, archive=f"http://127.0.0.1:{port}")
    assert caught.value.code == "mirror.gone"
    assert all(str(deb) in caught.value.message for deb in debs)


def test_a_damaged_object_is_named_and_fetched_again(server: PoolServer, store: ContentStore) -> None:
    server.pages[_PATH] = Page(_DATA)
    _fill(store, _BASH, archive=server.address)
    path = store.path(_BASH.sha256)
    path.chmod(0o644)
    path.write_bytes(b"X" + _DATA[1:])
    notes = _fill(store, _BASH, archive=server.address)
    assert notes == ("the store's copy of bash 5.2-1 (amd64) was damaged and is removed",)
    assert _has(store)


def test_offline_a_damaged_object_is_missing(store: ContentStore) -> None:
    path = store.path(_BASH.sha256)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"X" + _DATA[1:])
    with pytest.raises(NotFound, match=r"OFFLINE=1.*bash 5\.2-1 \(amd64\)\nthe store's copy .* was damaged"):
        _fill(store, _BASH, archive="", offline=True)
    assert not path.exists()


def test_offline_an_archive_folder_counts(store: ContentStore, tmp_path: Path) -> None:
    (tmp_path / "kept/deep").mkdir(parents=True)
    (tmp_path / "kept/deep" / _BASH.filename).write_bytes(_DATA)
    _fill(store, _BASH, archive=str(tmp_path / "kept"), offline=True)
    assert _has(store)


def test_offline_no_socket_is_opened(tmp_path: Path) -> None:
    program = """
import sys
from pathlib import Path
from tests.no_network import forbid_internet_sockets
forbid_internet_sockets()
from common.errors import NotFound
from buildimage.fill import fill
from buildimage.mirror import Mirrors
from buildimage.store import ContentStore
from tests.buildimage.archive import deb_of
store, offline = ContentStore(Path(sys.argv[1])), sys.argv[2] == "offline"
try:
    mirrors = Mirrors("http://127.0.0.1:9/debian", "http://127.0.0.1:9/security")
    fill(store, [deb_of(b"x")], lambda: mirrors, archive="http://127.0.0.1:9", offline=offline)
except NotFound as error:
    print(error.code)
"""

    def run(how: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", program, str(tmp_path / "store"), how]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    assert run("offline").stdout == "store.offline\n"
    # The witness is awake: the same, allowed to ask, is killed.
    assert run("online").returncode == -31


def test_too_little_space_is_said_before_anything_is_fetched(
    server: PoolServer,
    tiny: Path,  # noqa: F811 - a fixture
) -> None:
    big = bytes(3 << 20)
    deb = deb_of(big)
    server.pages[f"/{pool_path(deb)}"] = Page(big)
    with pytest.raises(StorageError, match=rf"{3 << 20} bytes are still needed, \d+ are free"):
        _fill(ContentStore(tiny / "store"), deb, archive=server.address)
    assert server.asked == []


def test_a_disk_that_fills_up_on_the_way_is_named(
    server: PoolServer,
    tiny: Path,  # noqa: F811 - a fixture
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("buildimage.fill.free_bytes", lambda root: 1 << 40)
    big = bytes(3 << 20)
    deb = deb_of(big)
    server.pages[f"/{pool_path(deb)}"] = Page(big)
    with pytest.raises(StorageError, match=rf"no space left .*: {3 << 20} bytes are still needed") as caught:
        _fill(ContentStore(tiny / "store"), deb, archive=server.address)
    assert caught.value.code == "store.full"


def test_an_end_asked_for_keeps_what_has_arrived(server: PoolServer, store: ContentStore) -> None:
    server.pages[_PATH] = Page(_DATA, stall=True)
    stop = threading.Event()
    downloader = Downloader({}, Patience(silence_s=0.3, attempts=99, first_pause_s=60), stop=stop)
    partial = store.partial(_BASH.sha256)
    timer = threading.Timer(1.0, stop.set)
    timer.start()
    with pytest.raises(Exception, match="stopped"):
        downloader.fetch(server.address + _PATH, partial, _BASH.size, _BASH.sha256)
    timer.join()
    assert partial.read_bytes() == _DATA[: partial.stat().st_size] != b""


def test_progress_ends_at_the_total(server: PoolServer, store: ContentStore) -> None:
    server.pages[_PATH] = Page(_DATA)
    seen: list[tuple[str, int, int]] = []
    fill(
        store,
        [_BASH],
        lambda: _MIRRORS,
        archive=server.address,
        progress=lambda *step: seen.append(step),
        proxy={},
    )
    assert seen[-1] == ("fetching packages", _BASH.size, _BASH.size)


def test_a_store_that_cannot_be_written_is_named(server: PoolServer, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SottoError) as caught:
        _fill(ContentStore(tmp_path / "file/store"), _BASH, archive=server.address)
    assert caught.value.code == "store.write"
    assert os.fspath(tmp_path / "file") in caught.value.message


def test_a_proxy_is_spoken_to(server: PoolServer, store: ContentStore) -> None:
    # A proxy is asked for the whole address.
    server.pages[f"http://mirror.invalid/debian{_PATH}"] = Page(_DATA)
    proxy = {"http": server.address}
    address = "http://mirror.invalid/debian"
    fill(store, [_BASH], lambda: _MIRRORS, archive=address, patience=_HASTE, proxy=proxy)
    assert _has(store)
