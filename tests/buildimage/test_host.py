"""What a machine lacks is said before anything is made, and no folder is built in twice at once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from buildimage.host import MARK, claim, prepare_host, require_space
from common.errors import InvalidInput, StorageError, Unavailable
from tests.buildimage.host_tools import small_disk

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Root on an x86-64 machine with no program at all; gives the one folder of PATH."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(machine="x86_64"))
    folder = tmp_path / "path"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def _program(folder: Path, name: str, text: str = "exit 0") -> None:
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def test_a_machine_without_apt_is_told_what_it_lacks(bare: Path) -> None:
    with pytest.raises(Unavailable, match=r"bubblewrap, .*mmdebstrap") as caught:
        prepare_host("x86-64")
    assert "Debian" in caught.value.hint


def test_what_is_missing_is_installed_by_apt(bare: Path) -> None:
    _program(bare, "apt-get", f'echo "$@" >> {bare}/calls')
    prepare_host("x86-64")
    calls = (bare / "calls").read_text().splitlines()
    assert calls[-1].startswith("install -y --no-install-recommends")
    assert {"bubblewrap", "mmdebstrap"} <= set(calls[-1].split())


def test_an_install_that_fails_gives_the_command(bare: Path) -> None:
    _program(bare, "apt-get", "exit 100")
    with pytest.raises(Unavailable) as caught:
        prepare_host("x86-64")
    assert "apt-get install" in caught.value.hint


def test_offline_nothing_is_installed(bare: Path) -> None:
    _program(bare, "apt-get", f"touch {bare}/called")
    with pytest.raises(Unavailable) as caught:
        prepare_host("x86-64", offline=True)
    assert "OFFLINE=1" in caught.value.hint
    assert not (bare / "called").exists()


def test_arm64_images_need_the_emulator_too(bare: Path) -> None:
    with pytest.raises(Unavailable, match="qemu-user-static"):
        prepare_host("arm64")


def test_an_arm64_machine_is_told_that_the_tools_are_not_for_it(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(machine="aarch64"))
    with pytest.raises(Unavailable, match="this machine is aarch64") as caught:
        prepare_host("arm64")
    assert caught.value.code == "host.machine"


def test_a_user_is_told_to_be_root(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(Unavailable) as caught:
        prepare_host("x86-64")
    assert caught.value.hint == "Run: sudo make image"


def test_a_second_build_in_a_folder_is_refused(tmp_path: Path) -> None:
    with claim(tmp_path / "build"), pytest.raises(Unavailable, match="another build") as caught:
        with claim(tmp_path / "build"):
            pass
    assert "BUILD=" in caught.value.hint


def test_a_folder_is_free_again_after_a_build(tmp_path: Path) -> None:
    with claim(tmp_path / "build"):
        (tmp_path / "build" / "anything").touch()
    with claim(tmp_path / "build"):
        pass


def test_a_folder_is_free_again_after_a_build_was_killed(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from buildimage.host import claim\n"
        "with claim(Path(sys.argv[1])):\n    print('held', flush=True); sys.stdin.read()"
    )
    line = [sys.executable, "-c", script, str(tmp_path / "build")]
    pipe = subprocess.PIPE
    with subprocess.Popen(line, cwd=REPOSITORY, stdin=pipe, stdout=pipe) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Unavailable), claim(tmp_path / "build"):
            pass
        holder.kill()
    with claim(tmp_path / "build"):
        pass


def test_a_folder_of_somebody_is_not_built_in(tmp_path: Path) -> None:
    (tmp_path / "work" / "tools").mkdir(parents=True)
    (tmp_path / "letters.txt").touch()
    with pytest.raises(InvalidInput, match=r"letters\.txt"), claim(tmp_path):
        pass
    assert not (tmp_path / MARK).exists()


def test_a_folder_of_a_build_before_the_mark_is_taken(tmp_path: Path) -> None:
    for name in ("store", "work", "x86-64"):
        (tmp_path / name).mkdir()
    with claim(tmp_path):
        pass


@pytest.mark.parametrize("name", ["with space", "tab\there", "100%", "a[b]", "#1", "o'clock"])
def test_a_path_that_apt_would_misread_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInput) as caught, claim(tmp_path / name):
        pass
    assert caught.value.code == "host.path"
    assert not (tmp_path / name).exists()


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "build"):
        with pytest.raises(StorageError) as caught, claim(path):
            pass
        assert caught.value.code == "host.folder"


def test_a_read_only_checkout_is_told_of_build(tmp_path: Path) -> None:
    with small_disk(tmp_path / "checkout", options=",ro") as checkout:
        with pytest.raises(StorageError, match="Read-only") as caught, claim(checkout / "build" / "image"):
            pass
    assert "BUILD=" in caught.value.hint


def test_a_small_disk_is_refused_with_both_figures(tmp_path: Path) -> None:
    with small_disk(tmp_path / "small") as small, pytest.raises(StorageError) as caught:
        require_space(small)
    assert "0.0 GB free; the build needs up to 9 GB" in caught.value.message


def test_a_folder_built_in_before_needs_less(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=6_000_000_000))
    with pytest.raises(StorageError):
        require_space(tmp_path)
    (tmp_path / "work" / "models").mkdir(parents=True)
    require_space(tmp_path)
