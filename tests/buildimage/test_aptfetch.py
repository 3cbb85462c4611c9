"""Locked packages come through apt, from a small signed archive on this disk or on loopback."""

from __future__ import annotations

import dataclasses
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from buildimage.aptfetch import by_architecture
from buildimage.fill import fill
from buildimage.locks import Deb
from buildimage.mirror import Mirrors
from buildimage.resolve import Question, resolve
from buildimage.store import ContentStore
from common.errors import NotFound, StorageError, Unavailable
from tests.buildimage.archive import Page, PoolServer, deb_of
from tests.buildimage.signed import Archive, needs_apt, signed_archive
from tests.buildimage.test_store import tiny  # noqa: F401 - a fixture

pytestmark = needs_apt
_MAIN = [
    ("base-files", "13", "amd64", "Essential: yes\n"),
    ("base-files", "13", "arm64", "Essential: yes\n"),
    ("app", "1:1.0-1", "amd64", "Depends: data\n"),
    ("app", "1:1.0-1", "arm64", "Depends: data\n"),
    ("data", "1.0-1", "all", "Source: data-src\n"),
]
_SECURITY = [("urgent", "2", "amd64", "")]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with signed_archive(tmp_path_factory.mktemp("archive"), _MAIN, _SECURITY) as archive:
        yield archive


@pytest.fixture(scope="module")
def debs(archive: Archive) -> dict[str, Deb]:
    """What would be locked, by name and architecture."""
    sets = {"amd64": ["app", "urgent"], "arm64": ["app"]}
    found = [
        deb
        for architecture, names in sets.items()
        for deb in resolve(Question(architecture, {"set": names}), archive.mirrors, keyring=archive.keyring)
    ]
    return {f"{deb.name}:{deb.architecture}": deb for deb in found}


@pytest.fixture
def server(archive: Archive) -> Iterator[PoolServer]:
    with PoolServer().running() as server:
        for file in archive.root.glob("debian*/**/*"):
            if file.is_file():
                server.pages[f"/{file.relative_to(archive.root)}"] = Page(file.read_bytes())
        yield server


@pytest.fixture
def store(tmp_path: Path) -> ContentStore:
    return ContentStore(tmp_path / "store")


@pytest.fixture
def refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An address where nobody answers, and an apt that does not wait for better times."""
    (tmp_path / "apt.conf").write_text('Acquire::Retries "0";\n')
    monkeypatch.setenv("APT_CONFIG", str(tmp_path / "apt.conf"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def _page(server: PoolServer, deb: Deb) -> str:
    (path,) = (path for path in server.pages if path.endswith(f"/{deb.filename}"))
    return path


def _archives(store: ContentStore) -> Path:
    folder = store.root / "partial/apt-amd64/cache/archives"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _left(store: ContentStore) -> list[Path]:
    return list((store.root / "partial").glob("*"))


def test_both_mirrors_and_all_architectures_are_asked(
    archive: Archive, debs: dict[str, Deb], server: PoolServer, store: ContentStore
) -> None:
    assert set(debs) == {
        "base-files:amd64", "app:amd64", "data:all", "urgent:amd64", "base-files:arm64", "app:arm64"
    }  # fmt: skip
    fill(store, tuple(debs.values()), lambda: archive.at(server.address), keyring=archive.keyring)
    assert all(store.get(deb.sha256, deb.size, full=True) for deb in debs.values())
    assert not _left(store)


def test_a_mirror_may_be_a_folder(archive: Archive, debs: dict[str, Deb], store: ContentStore) -> None:
    fill(store, [debs["app:amd64"]], lambda: archive.mirrors, keyring=archive.keyring)
    assert store.get(debs["app:amd64"].sha256, full=True)


def test_nothing_else_is_downloaded(
    archive: Archive, debs: dict[str, Deb], server: PoolServer, store: ContentStore
) -> None:
    # It depends on another one, which is no concern of a lock.
    fill(store, [debs["app:amd64"]], lambda: archive.at(server.address), keyring=archive.keyring)
    asked = [path for path, _ in server.asked if path.endswith(".deb")]
    assert asked == [_page(server, debs["app:amd64"])]


def test_a_second_fill_asks_nobody(archive: Archive, debs: dict[str, Deb], store: ContentStore) -> None:
    wanted = tuple(debs.values())
    fill(store, wanted, lambda: archive.mirrors, keyring=archive.keyring)
    assert fill(store, wanted, lambda: pytest.fail("asked for mirrors")) == ()


def test_versions_that_are_gone_are_all_named_and_hide_nothing(
    archive: Archive, debs: dict[str, Deb], store: ContentStore
) -> None:
    old = dataclasses.replace(debs["app:amd64"], version="1:0.9-1", sha256="ab" * 32)
    unknown = deb_of(b"unknown", "unknown")
    wanted = [old, debs["app:amd64"], unknown, debs["data:all"]]
    with pytest.raises(NotFound) as caught:
        fill(store, wanted, lambda: archive.mirrors, keyring=archive.keyring)
    assert caught.value.code == "store.gone"
    assert f"locked version gone: {old} is neither in the store nor" in caught.value.message
    assert f"locked version gone: {unknown} is neither" in caught.value.message
    assert str(debs["app:amd64"]) not in caught.value.message
    assert "make image-lock" in caught.value.hint
    assert "ARCHIVE=" in caught.value.hint
    assert store.get(debs["app:amd64"].sha256, full=True)
    assert store.get(debs["data:all"].sha256, full=True)


def test_one_that_is_all_gone_is_named(archive: Archive, store: ContentStore) -> None:
    with pytest.raises(NotFound, match="locked version gone: unknown"):
        fill(store, [deb_of(b"x", "unknown")], lambda: archive.mirrors, keyring=archive.keyring)


def test_other_content_of_the_locked_version_is_told(
    archive: Archive, debs: dict[str, Deb], store: ContentStore
) -> None:
    rebuilt = dataclasses.replace(debs["app:amd64"], sha256="ab" * 32)
    with pytest.raises(NotFound, match="other content than locked"):
        fill(store, [rebuilt], lambda: archive.mirrors, keyring=archive.keyring)


def test_a_file_that_the_pool_lacks_hides_no_other(
    archive: Archive, debs: dict[str, Deb], server: PoolServer, store: ContentStore
) -> None:
    del server.pages[_page(server, debs["app:amd64"])]
    wanted = [debs["app:amd64"], debs["urgent:amd64"]]
    with pytest.raises(Unavailable, match=r"could not be fetched: app 1:1\.0-1 \(amd64\) \(.*404") as caught:
        fill(store, wanted, lambda: archive.at(server.address), keyring=archive.keyring)
    assert "urgent" not in caught.value.message
    assert store.get(debs["urgent:amd64"].sha256, full=True)


def test_a_file_that_was_changed_on_the_way_is_refused(
    archive: Archive, debs: dict[str, Deb], server: PoolServer, store: ContentStore
) -> None:
    deb = debs["app:amd64"]
    page = server.pages[_page(server, deb)]
    page.data = b"X" + page.data[1:]
    with pytest.raises(Unavailable, match=r"app 1:1\.0-1.*[Hh]ash"):
        fill(store, [deb], lambda: archive.at(server.address), keyring=archive.keyring)
    assert store.get(deb.sha256) is None


def test_indexes_of_another_key_are_refused(
    archive: Archive, debs: dict[str, Deb], server: PoolServer, store: ContentStore
) -> None:
    with pytest.raises(Unavailable, match=r"mirror gone: .*indexes"):
        fill(store, [debs["app:amd64"]], lambda: archive.at(server.address), keyring=archive.stranger)
    assert not [path for path, _ in server.asked if path.endswith(".deb")]


def test_a_mirror_that_is_gone_is_named(
    archive: Archive, debs: dict[str, Deb], store: ContentStore, refused: str
) -> None:
    with pytest.raises(Unavailable, match=f"mirror gone: .*{refused}") as caught:
        fill(store, tuple(debs.values()), lambda: archive.at(refused), keyring=archive.keyring)
    assert caught.value.code == "mirror.gone"
    assert all(str(deb) in caught.value.message for deb in debs.values())


def test_of_two_mirrors_the_other_still_helps(
    archive: Archive, debs: dict[str, Deb], store: ContentStore, refused: str
) -> None:
    half = Mirrors(archive.mirrors.main, f"{refused}/debian-security")
    with pytest.raises(Unavailable, match="mirror gone: ") as caught:
        fill(store, [debs["app:amd64"], debs["urgent:amd64"]], lambda: half, keyring=archive.keyring)
    assert "1 locked packages are still missing: urgent" in caught.value.message
    assert store.get(debs["app:amd64"].sha256, full=True)


def test_a_folder_of_kept_packages_spares_the_mirrors(
    archive: Archive, debs: dict[str, Deb], store: ContentStore
) -> None:
    fill(store, tuple(debs.values()), lambda: pytest.fail("asked for mirrors"), archive=str(archive.root))
    assert all(store.get(deb.sha256, full=True) for deb in debs.values())


def test_an_archives_address_has_what_the_mirrors_dropped(
    archive: Archive, debs: dict[str, Deb], store: ContentStore, server: PoolServer
) -> None:
    kept = deb_of(b"kept", "old")
    server.pages["/snapshot/pool/main/o/old/old_5.2-1_amd64.deb"] = Page(b"kept")
    fill(
        store,
        [kept, debs["app:amd64"]],
        lambda: archive.at(server.address),
        archive=f"{server.address}/snapshot",
        proxy={},
        keyring=archive.keyring,
    )
    assert store.get(kept.sha256, full=True)
    # What apt has is not asked for a second time.
    assert not [path for path, _ in server.asked if "/snapshot/" in path and "/old/" not in path]


def test_an_archives_address_helps_where_the_mirrors_are_gone(
    archive: Archive, debs: dict[str, Deb], store: ContentStore, server: PoolServer, refused: str
) -> None:
    fill(
        store,
        [debs["app:amd64"]],
        lambda: archive.at(refused),
        archive=f"{server.address}/debian",
        proxy={},
        keyring=archive.keyring,
    )
    assert store.get(debs["app:amd64"].sha256, full=True)


def test_what_an_interrupted_run_has_left_is_used(
    archive: Archive, debs: dict[str, Deb], server: PoolServer, store: ContentStore
) -> None:
    app, urgent, files = debs["app:amd64"], debs["urgent:amd64"], debs["base-files:amd64"]
    whole = server.pages[_page(server, app)].data
    (_archives(store) / "app_1%3a1.0-1_amd64.deb").write_bytes(whole)
    (_archives(store) / urgent.filename).write_bytes(server.pages[_page(server, urgent)].data[:100])
    (_archives(store) / files.filename).write_bytes(bytes(files.size))
    fill(store, [app, urgent, files], lambda: archive.at(server.address), keyring=archive.keyring)
    assert all(store.get(deb.sha256, full=True) for deb in (app, urgent, files))
    assert {path for path, _ in server.asked if path.endswith(".deb")} == {
        _page(server, urgent),
        _page(server, files),
    }
    assert not _left(store)


def test_after_a_failure_apts_folder_stays(
    archive: Archive, debs: dict[str, Deb], store: ContentStore
) -> None:
    wanted = [debs["app:amd64"], deb_of(b"x", "unknown")]
    with pytest.raises(NotFound):
        fill(store, wanted, lambda: archive.mirrors, keyring=archive.keyring)
    assert [path.name for path in _left(store)] == ["apt-amd64"]


def test_apt_dies_with_the_build(
    archive: Archive, debs: dict[str, Deb], server: PoolServer, store: ContentStore
) -> None:
    program = """
import sys
from pathlib import Path
from buildimage.fill import fill
from buildimage.locks import Deb
from buildimage.mirror import Mirrors
from buildimage.store import ContentStore
root, address, keyring, *fields, size, source, component = sys.argv[1:]
deb = Deb(*fields, int(size), source, component)
mirrors = Mirrors(address + "/debian", address + "/debian-security")
fill(ContentStore(Path(root)), [deb], lambda: mirrors, keyring=Path(keyring))
"""
    deb = debs["app:amd64"]
    server.pages[_page(server, deb)].stall = True
    fields = [str(value) for value in dataclasses.astuple(deb)]
    words = [sys.executable, "-c", program, str(store.root), server.address, str(archive.keyring), *fields]
    with subprocess.Popen(words) as build:
        _until(lambda: any(path.endswith(deb.filename) for path, _ in server.asked))
        (apt,) = Path(f"/proc/{build.pid}/task/{build.pid}/children").read_text().split()
        assert _alive(int(apt))
        build.send_signal(signal.SIGKILL)
    _until(lambda: not _alive(int(apt)))


def _until(true: object, limit_s: float = 30.0) -> None:
    assert callable(true)
    end = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def _alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_the_environments_proxy_is_spoken_to(
    archive: Archive,
    debs: dict[str, Deb],
    server: PoolServer,
    store: ContentStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A proxy is asked for the whole address.
    for path, page in tuple(server.pages.items()):
        server.pages[f"http://mirror.invalid{path}"] = page
    monkeypatch.setenv("http_proxy", server.address)
    monkeypatch.setenv("APT_CONFIG", os.devnull)
    mirrors = archive.at("http://mirror.invalid")
    fill(store, [debs["app:amd64"]], lambda: mirrors, keyring=archive.keyring)
    assert store.get(debs["app:amd64"].sha256, full=True)


def test_a_disk_that_fills_up_is_named(
    archive: Archive,
    debs: dict[str, Deb],
    tiny: Path,  # noqa: F811 - a fixture
) -> None:
    store = ContentStore(tiny / "store")
    with (tiny / "ballast").open("wb", buffering=0) as ballast:
        ballast.write(bytes(os.statvfs(tiny).f_bavail * os.statvfs(tiny).f_frsize - 60_000))
    with pytest.raises(StorageError, match="no space left") as caught:
        fill(store, tuple(debs.values()), lambda: archive.mirrors, keyring=archive.keyring)
    assert caught.value.code == "store.full"


def test_progress_only_rises_and_ends_at_the_total(
    archive: Archive, debs: dict[str, Deb], store: ContentStore
) -> None:
    seen: list[tuple[str, int, int]] = []
    fill(
        store,
        tuple(debs.values()),
        lambda: archive.mirrors,
        progress=lambda *step: seen.append(step),
        keyring=archive.keyring,
    )
    total = sum(deb.size for deb in debs.values())
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)
    assert seen[-1] == ("fetching packages", total, total)
    assert len([step for step in seen if step[1] == total]) == 1


def test_packages_for_all_go_with_an_architecture_that_is_asked_anyway() -> None:
    everywhere, arm = deb_of(b"1", "data", architecture="all"), deb_of(b"2", architecture="arm64")
    assert by_architecture([everywhere, arm]) == {"arm64": [everywhere, arm]}
    assert by_architecture([everywhere]) == {"amd64": [everywhere]}
    assert by_architecture([]) == {}
