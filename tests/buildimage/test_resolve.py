"""apt in a root of its own solves the lists, against a small signed archive on this disk."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from buildimage.aptroot import carried_settings
from buildimage.inputs import lock_all
from buildimage.lists import read_list
from buildimage.locks import Deb, read_debs, read_wheels
from buildimage.mirror import Mirrors
from buildimage.resolve import Question, deb_of, pick, resolve, uri_files
from buildimage.store import ContentStore
from common.errors import InvalidInput, NotFound, Unavailable
from tests.buildimage.signed import Archive, needs_apt, signed_archive

# name, version, architecture, further control lines
_MAIN = [
    ("base-files", "13", "amd64", "Essential: yes\n"),
    ("base-files", "13", "arm64", "Essential: yes\n"),
    ("libessential", "1", "amd64", ""),
    ("coreutils", "9", "amd64", "Essential: yes\nDepends: libessential\n"),
    ("app", "1:1.0-1", "amd64", "Depends: lib+data (>= 1), first | second\nRecommends: dear\n"),
    ("app", "1:1.0-1", "arm64", "Depends: lib+data\n"),
    ("lib+data", "1.0-1", "all", "Source: data-src (1.0-0)\n"),
    ("first", "1", "all", "Provides: prize\n"),
    ("second", "1", "all", ""),
    ("dear", "1", "all", ""),
    ("enemy", "1", "all", "Conflicts: app\n"),
    ("apt", "3", "amd64", ""),
]
_SECURITY = [("lib+data", "1.0-1+deb13u1", "all", "Source: data-src\n")]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with signed_archive(tmp_path_factory.mktemp("archive"), _MAIN, _SECURITY) as archive:
        yield archive


def _solve(archive: Archive, architecture: str = "amd64", **sets: Sequence[str]) -> dict[str, Deb]:
    found = resolve(Question(architecture, sets), archive.mirrors, keyring=archive.keyring)
    assert [deb.name for deb in found] == sorted(deb.name for deb in found)
    return {deb.name: deb for deb in found}


@needs_apt
def test_dependencies_come_and_recommendations_do_not(archive: Archive) -> None:
    found = _solve(archive, image=["app"])
    assert set(found) == {"base-files", "coreutils", "libessential", "app", "lib+data", "first"}


@needs_apt
def test_the_newest_version_of_all_suites_is_taken(archive: Archive) -> None:
    assert _solve(archive, image=["lib+data"])["lib+data"].version == "1.0-1+deb13u1"


@needs_apt
def test_a_package_has_what_its_pool_path_needs(archive: Archive) -> None:
    deb = _solve(archive, image=["app"])["lib+data"]
    assert (deb.source, deb.component, deb.filename) == ("data-src", "main", "lib+data_1.0-1+deb13u1_all.deb")
    root = Path(archive.mirrors.security.removeprefix("file://"))
    file = root / "pool/updates/main/d/data-src" / deb.filename
    assert (deb.sha256, deb.size) == (hashlib.sha256(file.read_bytes()).hexdigest(), file.stat().st_size)


@needs_apt
def test_an_epoch_is_kept(archive: Archive) -> None:
    assert _solve(archive, image=["app"])["app"].version == "1:1.0-1"


@needs_apt
def test_arm64_is_solved_as_such(archive: Archive) -> None:
    found = _solve(archive, "arm64", image=["app"])
    assert {deb.architecture for deb in found.values()} == {"arm64", "all"}
    assert "first" not in found


@needs_apt
def test_sets_are_solved_each_alone_and_united(archive: Archive) -> None:
    # The two cannot be installed together, and need not be.
    found = _solve(archive, image=["app"], initrd=["enemy"])
    assert {"app", "enemy"} <= set(found)


@needs_apt
def test_packages_that_no_mirror_has_are_named(archive: Archive) -> None:
    with pytest.raises(NotFound, match=r"'image': .*nosuch1, nosuch2"):
        _solve(archive, image=["app", "nosuch2", "nosuch1"])


@needs_apt
def test_a_set_that_contradicts_itself_is_named(archive: Archive) -> None:
    with pytest.raises(InvalidInput, match="'image' cannot be installed"):
        _solve(archive, image=["app", "enemy"])


@needs_apt
def test_a_virtual_package_is_refused(archive: Archive) -> None:
    with pytest.raises(InvalidInput, match="asks for prize, which other packages provide"):
        _solve(archive, image=["prize"])


@needs_apt
def test_another_key_is_refused(archive: Archive) -> None:
    with pytest.raises(Unavailable, match="could not be read") as caught:
        resolve(Question("amd64", {"image": ["app"]}), archive.mirrors, keyring=archive.stranger)
    assert "debian-archive-keyring" in caught.value.hint


@needs_apt
def test_a_mirror_that_is_gone_is_named(archive: Archive, tmp_path: Path) -> None:
    gone = Mirrors(f"file://{tmp_path}/none", archive.mirrors.security)
    with pytest.raises(Unavailable, match="none") as caught:
        resolve(Question("amd64", {"image": ["app"]}), gone, keyring=archive.keyring)
    assert "MIRROR=" in caught.value.hint


@needs_apt
def test_apt_runs_behind_the_prefix(archive: Archive, tmp_path: Path) -> None:
    log = tmp_path / "log"
    prefix = ["sh", "-c", f'echo "$@" >> {log}; exec "$@"', "sh"]
    question = Question("amd64", {"image": ["app"]})
    resolve(question, archive.mirrors, keyring=archive.keyring, prefix=prefix, workdir=tmp_path)
    commands = log.read_text()
    assert [word in commands for word in ("apt-get update", "apt-get install", "apt-cache show")] == [
        True
    ] * 3
    assert list(tmp_path.iterdir()) == [log]


@needs_apt
def test_this_machines_pins_do_not_count(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "preferences").write_text("Package: *\nPin: release n=trixie-security\nPin-Priority: -1\n")
    (tmp_path / "own.conf").write_text(
        f'Dir::Etc::preferences "{tmp_path}/preferences";\nAPT::Install-Recommends "true";\n'
    )
    monkeypatch.setenv("APT_CONFIG", str(tmp_path / "own.conf"))
    found = _solve(archive, image=["app"])
    assert found["lib+data"].version == "1.0-1+deb13u1"
    assert "dear" not in found


def test_a_missing_keyring_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="keyring"):
        resolve(Question("amd64", {}), Mirrors("file:///a", "file:///b"), keyring=tmp_path / "none.gpg")


def test_a_prefix_that_cannot_run_is_named(tmp_path: Path) -> None:
    keyring = tmp_path / "a.gpg"
    keyring.touch()
    with pytest.raises(Unavailable, match="/nonexistent cannot be run"):
        resolve(
            Question("amd64", {}), Mirrors("file:///a", "file:///b"), keyring=keyring, prefix=["/nonexistent"]
        )


def test_uris_give_versions_with_epochs() -> None:
    text = (
        "Reading package lists...\n'http://a.invalid/x' bash_1%3a5.2-1_amd64.deb 1501796 SHA256:abc\n"
        "'http://a.invalid/y' lib+x_2~b_all.deb 5 \n"
    )
    assert uri_files(text) == (("bash", "1:5.2-1", "amd64"), ("lib+x", "2~b", "all"))


_STANZA: Mapping[str, str] = {
    "Package": "bash", "Version": "5", "Architecture": "amd64", "SHA256": "ab" * 32, "Size": "7",
    "Filename": "pool/updates/main/b/bash-src/bash_5_amd64.deb",
}  # fmt: skip


@pytest.mark.parametrize("field", sorted(_STANZA))
def test_an_index_without_a_field_is_refused(field: str) -> None:
    with pytest.raises(InvalidInput, match="unknown form"):
        deb_of({name: value for name, value in _STANZA.items() if name != field})


def test_an_index_with_a_flat_path_is_refused() -> None:
    with pytest.raises(InvalidInput, match="unknown form"):
        deb_of({**_STANZA, "Filename": "bash.deb"})


def test_two_packages_of_one_version_are_refused() -> None:
    one = "".join(f"{name}: {value}\n" for name, value in _STANZA.items())
    with pytest.raises(InvalidInput, match="two different packages"):
        pick([("bash", "5", "amd64")], f"{one}\n{one.replace('ab' * 32, 'cd' * 32)}")


def test_a_package_that_is_not_described_is_refused() -> None:
    with pytest.raises(InvalidInput, match="describes no package bash 5 amd64"):
        pick([("bash", "5", "amd64")], "")


def test_only_the_way_to_the_network_is_carried_over() -> None:
    dump = (
        'APT::Default-Release "sid";\n'
        'Acquire::http::Proxy "http://p.invalid";\nAcquire::Check-Date "false";\n'
        'Acquire::Languages "de";\nAcquire::AllowInsecureRepositories "1";\nDir "/x";\n'
    )
    assert (
        carried_settings(dump) == 'Acquire::http::Proxy "http://p.invalid";\nAcquire::Check-Date "false";\n'
    )


@pytest.mark.parametrize("line", ["bash amd64", "bash=5", "Bash", "--option", "b"])
def test_a_list_has_names_alone(tmp_path: Path, line: str) -> None:
    (tmp_path / "x.list").write_text(f"# head\n{line}\n")
    with pytest.raises(InvalidInput, match=r"x\.list:2: "):
        read_list(tmp_path / "x.list")


def test_a_name_stands_in_a_list_once(tmp_path: Path) -> None:
    (tmp_path / "x.list").write_text("bash # shell\n\nbash\n")
    with pytest.raises(InvalidInput, match=r"x\.list:3: bash stands in line 1"):
        read_list(tmp_path / "x.list")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with lists of the small archive, and without wheels."""
    root = tmp_path / "checkout"
    lists = {"image": "app", "firmware": "dear", "x86-64": "second", "arm64": "first", "initrd": "lib+data"}
    for name, package in lists.items():
        path = root / "rootfs/packages" / f"{name}.list"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(package + "\n")
    (root / "buildimage/mkosi").mkdir(parents=True)
    (root / "buildimage/mkosi/tools.list").write_text("coreutils\n")
    return root


@needs_apt
def test_all_locks_are_made_and_changes_told(
    archive: Archive, checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locks = checkout / "buildimage/locks"
    no_wheels = {locks / name: () for name in ("wheels-x86-64.lock", "models.lock")}
    monkeypatch.setattr("buildimage.inputs.lock_python", lambda *_, **__: no_wheels)

    def lock() -> dict[str, tuple[str, ...]]:
        store = ContentStore(tmp_path / "store")
        return lock_all(checkout, store, mirrors=archive.mirrors, keyring=archive.keyring)

    assert "added app 1:1.0-1" in lock()["debs-arm64.lock"]
    assert "apt" in {deb.name for deb in read_debs(locks / "tools.lock")}
    assert read_wheels(locks / "models.lock") == ()
    assert set(lock().values()) == {()}
    (checkout / "rootfs/packages/firmware.list").write_text("second\n")
    # An unreadable lock must not keep its own remedy from working.
    (locks / "tools.lock").write_text("<<<<<<< HEAD\n")
    report = lock()
    assert "added coreutils 9" in report["tools.lock"]
    assert report["debs-x86-64.lock"] == ("removed dear 1",)
    assert report["debs-arm64.lock"] == ("removed dear 1", "added second 1")


@needs_apt
def test_after_an_error_no_lock_is_written(
    archive: Archive, checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (checkout / "rootfs/packages/arm64.list").write_text("nosuch\n")
    with pytest.raises(NotFound, match="nosuch"):
        lock_all(checkout, ContentStore(tmp_path / "store"), mirrors=archive.mirrors, keyring=archive.keyring)
    assert not (checkout / "buildimage/locks").exists()
