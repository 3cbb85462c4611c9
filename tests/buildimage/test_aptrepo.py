"""The local repository: apt itself reads it, and it is the same bytes each time."""

from __future__ import annotations

import dataclasses
import errno
import gzip
import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from buildimage.aptrepo import SUITE, build_repository, control_stanza
from buildimage.errors import Damaged
from buildimage.locks import Deb
from buildimage.store import ContentStore
from common.errors import InvalidInput, NotFound
from tests.buildimage.archive import build_deb, deb_of

pytestmark = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="dpkg-deb is not installed")

_EPOCH = 1763769600
_INDEX = "dists/trixie/main/binary-amd64/Packages"


@pytest.fixture
def store(tmp_path: Path) -> ContentStore:
    return ContentStore(tmp_path / "store")


@pytest.fixture
def debs(tmp_path: Path, store: ContentStore) -> list[Deb]:
    made = [
        build_deb(tmp_path, "app", "1:2.0+b1~x-1", "amd64", "Depends: libdata (>= 1.0)\n"),
        build_deb(tmp_path, "libdata", "1.0-1", "all"),
        build_deb(tmp_path, "unrelated", "3", "all"),
    ]
    for path, deb in made:
        store.put(path, deb.sha256, deb.size)
    return [deb for _, deb in made]


def _tree(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def _apt(root: Path, repository: Path, *command: str) -> str:
    for each in ("lists/partial", "cache/archives/partial", "etc"):
        (root / each).mkdir(parents=True, exist_ok=True)
    (root / "status").touch()
    (root / "sources.list").write_text(f"deb [trusted=yes] file:{repository} trixie main\n")
    settings = {
        "Dir::Etc::main": "/dev/null",
        "Dir::Etc::parts": root / "etc",
        "Dir::Etc::sourceparts": root / "etc",
        "Dir::Etc::sourcelist": root / "sources.list",
        "Dir::State": root,
        "Dir::State::status": root / "status",
        "Dir::Cache": root / "cache",
        "APT::Architecture": "amd64",
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
    }
    (root / "apt.conf").write_text("".join(f'{key} "{value}";\n' for key, value in settings.items()))
    environment = {**os.environ, "APT_CONFIG": str(root / "apt.conf"), "LC_ALL": "C"}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(shutil.which("apt-get") is None, reason="apt is not installed")
def test_apt_finds_what_is_locked_and_its_dependencies(
    tmp_path: Path, store: ContentStore, debs: list[Deb]
) -> None:
    repository = build_repository(store, debs, tmp_path / "repo", "amd64", _EPOCH)
    root = tmp_path / "apt"
    root.mkdir()
    _apt(root, repository, "apt-get", "update", "--error-on=any")
    planned = _apt(root, repository, "apt-get", "install", "-s", "app")
    assert f"Inst app (1:2.0+b1~x-1 Sotto:{SUITE} [amd64])" in planned
    assert f"Inst libdata (1.0-1 Sotto:{SUITE} [all])" in planned
    assert "unrelated" not in planned
    _apt(root, repository, "apt-get", "download", "app")
    (fetched,) = root.glob("app_*.deb")
    assert deb_of(fetched.read_bytes()).sha256 == debs[0].sha256


@pytest.mark.skipif(shutil.which("apt-get") is None, reason="apt is not installed")
def test_apt_compares_the_file_with_the_lock(tmp_path: Path, store: ContentStore, debs: list[Deb]) -> None:
    repository = build_repository(store, debs, tmp_path / "repo", "amd64", _EPOCH)
    file = repository / "pool" / debs[1].filename
    file.unlink()
    file.write_bytes(b"X" * debs[1].size)
    root = tmp_path / "apt"
    root.mkdir()
    _apt(root, repository, "apt-get", "update")
    with pytest.raises(AssertionError, match="Hash Sum mismatch"):
        _apt(root, repository, "apt-get", "install", "-y", "-d", "libdata")


def test_the_same_lock_gives_the_same_bytes(tmp_path: Path, store: ContentStore, debs: list[Deb]) -> None:
    one = build_repository(store, debs, tmp_path / "one", "amd64", _EPOCH)
    shutil.rmtree(store.root / "control")
    two = build_repository(store, debs[::-1], tmp_path / "two", "amd64", _EPOCH)
    assert _tree(one) == _tree(two)


def test_release_says_hashes_and_the_given_date(tmp_path: Path, store: ContentStore, debs: list[Deb]) -> None:
    root = build_repository(store, debs, tmp_path / "repo", "amd64", _EPOCH)
    release = (root / "dists/trixie/Release").read_text()
    index = (root / _INDEX).read_bytes()
    assert "Date: Sat, 22 Nov 2025 00:00:00 UTC\n" in release
    assert f" {hashlib.sha256(index).hexdigest()} {len(index)} main/binary-amd64/Packages\n" in release
    assert gzip.decompress((root / f"{_INDEX}.gz").read_bytes()) == index


def test_packages_are_links_into_the_store(tmp_path: Path, store: ContentStore, debs: list[Deb]) -> None:
    root = build_repository(store, debs, tmp_path / "repo", "amd64", _EPOCH)
    assert (root / "pool" / debs[0].filename).samefile(store.path(debs[0].sha256))


def test_on_another_file_system_packages_are_copied(
    tmp_path: Path, store: ContentStore, debs: list[Deb], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise OSError(errno.EXDEV, "other device")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    root = build_repository(store, debs, tmp_path / "repo", "amd64", _EPOCH)
    assert deb_of((root / "pool" / debs[0].filename).read_bytes()).sha256 == debs[0].sha256


def test_a_repository_is_replaced_as_a_whole(tmp_path: Path, store: ContentStore, debs: list[Deb]) -> None:
    build_repository(store, debs, tmp_path / "repo", "amd64", _EPOCH)
    root = build_repository(store, debs[:1], tmp_path / "repo", "amd64", _EPOCH)
    assert [each.name for each in (root / "pool").iterdir()] == [debs[0].filename]


def test_a_repository_of_another_suite_is_replaced(
    tmp_path: Path, store: ContentStore, debs: list[Deb]
) -> None:
    root = build_repository(store, debs, tmp_path / "repo", "amd64", _EPOCH)
    (root / "dists" / SUITE).rename(root / "dists/older")
    build_repository(store, debs, root, "amd64", _EPOCH)
    assert [each.name for each in (root / "dists").iterdir()] == [SUITE]


def test_another_archive_is_left_alone(tmp_path: Path, store: ContentStore, debs: list[Deb]) -> None:
    (tmp_path / "repo/dists" / SUITE).mkdir(parents=True)
    (tmp_path / "repo/dists" / SUITE / "Release").write_text("Origin: Debian\n")
    with pytest.raises(InvalidInput, match="in the way"):
        build_repository(store, debs, tmp_path / "repo", "amd64", _EPOCH)


def test_a_foreign_folder_is_left_alone(tmp_path: Path, store: ContentStore, debs: list[Deb]) -> None:
    (tmp_path / "repo").mkdir()
    (tmp_path / "repo/thesis.txt").write_text("years of work")
    with pytest.raises(InvalidInput, match="in the way"):
        build_repository(store, debs, tmp_path / "repo", "amd64", _EPOCH)
    assert (tmp_path / "repo/thesis.txt").exists()


def test_a_package_that_is_not_in_the_store_is_named_and_the_old_repository_stays(
    tmp_path: Path, store: ContentStore, debs: list[Deb]
) -> None:
    root = build_repository(store, debs, tmp_path / "repo", "amd64", _EPOCH)
    before = _tree(root)
    with pytest.raises(NotFound, match=r"missing 1\.0"):
        build_repository(store, [*debs, deb_of(b"x", "missing", "1.0")], root, "amd64", _EPOCH)
    assert _tree(root) == before
    assert sorted(each.name for each in tmp_path.iterdir() if each.name.startswith(".")) == []


def test_another_architecture_is_refused(tmp_path: Path, store: ContentStore, debs: list[Deb]) -> None:
    with pytest.raises(InvalidInput, match="not for arm64"):
        build_repository(store, debs, tmp_path / "repo", "arm64", _EPOCH)


def test_a_lock_that_misnames_a_package_is_damaged(store: ContentStore, debs: list[Deb]) -> None:
    with pytest.raises(Damaged, match="calls itself something else"):
        control_stanza(store, dataclasses.replace(debs[0], version="9"))


def test_bytes_that_are_no_package_are_damaged(tmp_path: Path, store: ContentStore) -> None:
    deb = deb_of(b"not a package")
    (tmp_path / "file").write_bytes(b"not a package")
    store.put(tmp_path / "file", deb.sha256)
    with pytest.raises(Damaged, match="not a Debian package"):
        control_stanza(store, deb)


@pytest.mark.parametrize(
    "damage",
    [
        lambda kept: b"",
        lambda kept: kept[:-20],
        lambda kept: b"\xff\xfe" + kept,
        lambda kept: kept.replace(b"libdata", b"evildata"),
    ],
)
def test_a_damaged_note_of_the_control_fields_is_read_anew(
    store: ContentStore, debs: list[Deb], damage: Callable[[bytes], bytes]
) -> None:
    stanza = control_stanza(store, debs[0])
    note = store.root / "control" / debs[0].sha256[:2] / debs[0].sha256
    kept = note.read_bytes()
    note.write_bytes(damage(kept))
    assert control_stanza(store, debs[0]) == stanza
    assert note.read_bytes() == kept


def test_control_fields_are_kept_beside_the_store(
    store: ContentStore, debs: list[Deb], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = control_stanza(store, debs[0])
    monkeypatch.setenv("PATH", "/nonexistent")
    assert control_stanza(store, debs[0]) == first


def test_a_packages_own_word_for_the_index_does_not_count(tmp_path: Path, store: ContentStore) -> None:
    path, deb = build_deb(tmp_path, "sly", extra=f"SHA256: {'0' * 64}\nFilename: ../../etc/passwd\nSize: 1\n")
    store.put(path, deb.sha256)
    stanza = control_stanza(store, deb)
    assert "Filename" not in stanza
    assert "SHA256" not in stanza
    assert "Size:" not in stanza.replace("Installed-Size:", "")
