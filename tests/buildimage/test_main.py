"""Whatever is asked wrongly: one line that says what and where, one that says what to do, and a status."""

from __future__ import annotations

import argparse
import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from buildimage import __main__ as entry
from buildimage.host import claim
from tests.buildimage.host_tools import private_umask

REPOSITORY = Path(__file__).resolve().parents[2]
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def _call(
    *words: str, checkout: Path = REPOSITORY, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "buildimage", *words],
        cwd=checkout, capture_output=True, text=True, check=False, timeout=60,
        env=environment,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "status", "what"),
    [
        (("image", "--arch", "riscv"), 2, "ARCH=riscv"),
        (("verify", "--arch", "riscv"), 2, "ARCH=riscv"),
        (("newest", "--arch", "../x86-64"), 2, "ARCH=../x86-64"),
        (("vm", "--arch", "riscv"), 2, "ARCH=riscv"),
        (("image", "--arch", "x86-64", "--version", "../x"), 2, "VERSION='../x'"),
        (("image", "--arch", "x86-64", "--version", "1_0"), 2, "VERSION='1_0'"),
        (("image", "--arch", "x86-64", "--version", "1" * 60), 2, "VERSION="),
        (("image", "--arch", "x86-64", "--keys", "no/such/folder"), 3, f"{REPOSITORY}/no/such/folder"),
        (("image", "--arch", "x86-64", "--keys", "buildimage"), 3, "has no secure-boot.key"),
        (("newest", "--arch", "arm64"), 3, "there is no image"),
        (("vm", "--arch", "x86-64", "--port", "99999"), 2, "PORT=99999"),
    ],
)
def test_a_wrong_call_is_one_clear_line(
    tmp_path: Path, words: tuple[str, ...], status: int, what: str
) -> None:
    done = _call("--build", str(tmp_path / "build"), *words)
    lines = done.stderr.splitlines()
    assert (done.returncode, len(lines)) == (status, 2), done.stderr
    assert what in lines[0]
    assert lines[1].strip()
    assert not (tmp_path / "build").exists()


@pytest.mark.parametrize("folder", ["", ".", "/"])
def test_a_build_in_no_folder_of_its_own_is_refused(folder: str) -> None:
    done = _call("--build", folder, "newest")
    assert done.returncode == 2
    assert done.stderr.startswith("sotto: BUILD=")


@needs_root
@pytest.mark.parametrize("action", [("verify",), ("keys", "KEYS")])
def test_nothing_is_done_where_another_build_is_at_work(tmp_path: Path, action: tuple[str, ...]) -> None:
    words = [word.replace("KEYS", str(tmp_path / "keys")) for word in action]
    with claim(tmp_path / "build"):
        done = _call("--build", str(tmp_path / "build"), *words)
    assert done.returncode == 5, done.stderr
    assert "another build is at work" in done.stderr


def test_a_checkout_without_git_has_a_version(tmp_path: Path) -> None:
    checkout = tmp_path / "sotto 1.0"
    shutil.copytree(REPOSITORY / "buildimage", checkout / "buildimage")
    shutil.copy(REPOSITORY / "pyproject.toml", checkout)
    script = "from buildimage.__main__ import project_version; print(project_version())"
    line = [sys.executable, "-c", script]
    done = subprocess.run(line, cwd=checkout, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == entry.project_version()


def test_it_runs_in_an_empty_environment(tmp_path: Path) -> None:
    done = _call("--build", str(tmp_path / "build"), "newest", "--arch", "x86-64", environment={})
    assert (done.returncode, len(done.stderr.splitlines())) == (3, 2), done.stderr


@pytest.fixture
def main(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Callable[[], object]], int]]:
    """`main(step)`: the entry point, whose work is `step`; the process is left as it was."""

    def call(step: Callable[[], object]) -> int:
        def work(_: argparse.Namespace) -> int:
            step()
            return 0

        monkeypatch.setattr(sys, "argv", ["buildimage", "newest"])
        monkeypatch.setattr(entry, "_run", work)
        return entry.main()

    umask, handler = os.umask(0o022), signal.getsignal(signal.SIGTERM)
    yield call
    os.umask(umask)
    signal.signal(signal.SIGTERM, handler)


_Main = Callable[[Callable[[], object]], int]


def _raise(error: BaseException) -> Callable[[], object]:
    def step() -> object:
        raise error

    return step


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO, errno.EACCES])
def test_a_disk_that_fails_anywhere_is_one_clear_line(
    main: _Main, number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(_raise(OSError(number, os.strerror(number), "/build/file"))) == 8
    assert capsys.readouterr().err.splitlines()[0] == f"sotto: /build/file: {os.strerror(number)}"


def test_ctrl_c_is_no_traceback(main: _Main, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(_raise(KeyboardInterrupt())) == 130
    assert "interrupted" in capsys.readouterr().err


def test_being_stopped_is_like_ctrl_c() -> None:
    script = (
        "import os, signal, sys, time\nfrom buildimage import __main__ as entry\n"
        "entry._run = lambda _: (os.kill(os.getpid(), signal.SIGTERM), time.sleep(10))\n"
        "sys.argv = ['buildimage', 'newest']\nsys.exit(entry.main())"
    )
    line = [sys.executable, "-c", script]
    done = subprocess.run(line, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 130
    assert "interrupted" in done.stderr


def test_what_is_made_is_readable_whatever_the_umask(main: _Main, tmp_path: Path) -> None:
    with private_umask():
        main((tmp_path / "folder").mkdir)
    assert (tmp_path / "folder").stat().st_mode & 0o777 == 0o755
