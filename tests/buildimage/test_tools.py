"""Programs run in the tree alone, end with their driver, and fail with the reason."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from buildimage.tools import Tools, failure, make_tools, mend, tools_key
from common.errors import SottoError, StorageError, Unavailable
from tests.buildimage.host_tools import HostTools, host_tools, small_disk

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def tools(tmp_path: Path) -> HostTools:
    return host_tools(tmp_path / "root")


def _running(mark: str) -> list[int]:
    """Processes with `mark` among their arguments."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if mark.encode() in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
    return found


def _until(condition: Callable[[], bool]) -> bool:
    for _ in range(200):
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_a_program_sees_its_folders_and_writes_there(tools: HostTools, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / "in").write_text("text")
    tools.run(["cp", "in", "out"], binds={work: "/build"}, cwd="/build", log=tmp_path / "log")
    assert (work / "out").read_text() == "text"


def test_nothing_of_the_callers_environment_goes_in(
    tools: HostTools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    log = tmp_path / "log"
    tools.run(["env"], binds={}, environment={"MINE": "1"}, log=log)
    names = {line.partition("=")[0] for line in log.read_text().splitlines()}
    assert names - {"PWD", "SHLVL", "_"} == {"HOME", "PATH", "LANG", "MINE"}


def test_there_is_no_network_inside(tools: HostTools, tmp_path: Path) -> None:
    tools.run(["cat", "/proc/net/dev"], binds={}, log=tmp_path / "log")
    lines = (tmp_path / "log").read_text().splitlines()[2:]
    assert [line.split(":")[0].strip() for line in lines] == ["lo"]


def test_a_failure_tells_program_status_reason_and_log(tools: HostTools, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with pytest.raises(SottoError, match="sh ended with status 3:\n  the reason") as caught:
        tools.run(["sh", "-c", "echo the reason; exit 3"], binds={}, log=log)
    assert str(log) in caught.value.hint


def test_an_earlier_failure_is_not_the_reason_of_this_one(tools: HostTools, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("No space left on device\n")
    with pytest.raises(SottoError) as caught:
        tools.run(["sh", "-c", "echo another reason; exit 1"], binds={}, log=log)
    assert caught.value.code == "build.tool"
    assert "No space" not in caught.value.message


def test_a_full_disk_is_told_apart(tools: HostTools, tmp_path: Path) -> None:
    with small_disk(tmp_path / "small") as small, pytest.raises(StorageError) as caught:
        command = ["dd", "if=/dev/zero", "of=/small/file", "bs=1M", "count=3"]
        tools.run(command, binds={small: "/small"}, log=tmp_path / "log")
    assert caught.value.code == "build.space"


def test_a_full_disk_is_told_apart_before_a_long_farewell(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("No space left on device\n" + "rolling back\n" * 50)
    assert isinstance(failure("mkosi", 1, log), StorageError)


def test_of_a_progress_line_the_last_state_is_quoted(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"the reason\n" + b"".join(b"%d%%\r" % share for share in range(101)) + b"\nend\n")
    assert failure("x", 1, log).message.splitlines()[1:] == ["  the reason", "  100%", "  end"]


def test_only_the_end_of_an_endless_log_is_read(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as stream:
        stream.seek(1 << 40)
        stream.write(b"\nthe reason\n")
    assert failure("x", 1, log).message.splitlines()[-1] == "  the reason"


def test_a_log_that_is_no_text_can_be_quoted(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"\xff\xfe reason")
    assert "reason" in failure("x", 1, log).message


def test_an_agent_in_the_background_ends_with_its_program(tools: HostTools, tmp_path: Path) -> None:
    mark = f"600.{os.getpid()}1"
    tools.run(["sh", "-c", f"sleep {mark} >/dev/null 2>&1 & true"], binds={}, log=tmp_path / "log")
    assert _until(lambda: not _running(mark))


def test_programs_end_with_a_driver_that_is_killed(tools: HostTools, tmp_path: Path) -> None:
    mark = f"600.{os.getpid()}2"
    script = (
        "import sys; from pathlib import Path; from tests.buildimage.host_tools import HostTools\n"
        f"HostTools(Path({str(tools.root)!r})).run(['sh', '-c', 'sleep {mark}; true'], binds={{}}, "
        f"log=Path({str(tmp_path / 'log')!r}))"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=REPOSITORY) as driver:
        assert _until(lambda: bool(_running(mark)))
        driver.send_signal(signal.SIGKILL)
    assert _until(lambda: not _running(mark))


def test_a_missing_bubblewrap_is_named(
    tools: HostTools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="bwrap is missing"):
        tools.run(["true"], binds={}, log=tmp_path / "log")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    for name in ("buildimage/locks/tools.lock", "buildimage/mkosi/tools.list", "README.md"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("mkosi\n")
    return root


@pytest.mark.parametrize(
    ("name", "changes"),
    [("buildimage/locks/tools.lock", True), ("buildimage/mkosi/tools.list", True), ("README.md", False)],
)
def test_the_tree_is_made_anew_for_other_tools_alone(checkout: Path, name: str, changes: bool) -> None:
    before = tools_key(checkout)
    (checkout / name).write_text("other\n")
    assert (tools_key(checkout) != before) is changes


def _installer(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a script in mmdebstrap's place; "$target" is the folder that it was asked to fill."""
    if os.geteuid() != 0:
        pytest.skip("namespaces of its own need root")
    folder.mkdir(exist_ok=True)
    program = folder / "mmdebstrap"
    find = 'for word; do case $word in /*) target=$word;; esac; done; mkdir "$target"\n'
    program.write_text(f"#!/bin/sh\n{find}{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


#: As much of mkosi as is mended.
_MKOSI = """
    for p in amd.iterdir():
    for p in intel.iterdir():
    make_cpio(root, microcode, sandbox=context.sandbox)
"""
_PACKAGES = "usr/lib/python3/dist-packages"
_WHOLE = (
    f'mkdir -p "$target/etc" "$target/usr/local/bin" "$target/{_PACKAGES}/mkosi"; touch "$target/whole"\n'
    f'cat >"$target/{_PACKAGES}/mkosi/__init__.py" <<END{_MKOSI}END\n'
)


def test_a_failed_tree_is_not_taken_for_one_and_leaves_nothing(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, log = tmp_path / "tools", tmp_path / "log"
    _installer(tmp_path / "bin", monkeypatch, 'touch "$target/half"; echo the mirror is gone; exit 25')
    with pytest.raises(SottoError, match="mmdebstrap ended with status 25:\n  the mirror is gone"):
        make_tools(checkout, tmp_path, folder, log)
    _installer(tmp_path / "bin", monkeypatch, _WHOLE)
    tools = make_tools(checkout, tmp_path, folder, log)
    assert list(folder.iterdir()) == [tools.root]
    assert (tools.root / "whole").exists()
    assert not (tools.root / "half").exists()


def test_mounts_of_the_installer_do_not_outlive_it(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mount = 'mkdir "$target/sys"; mount -t tmpfs tmpfs "$target/sys"; exit 1'
    _installer(tmp_path / "bin", monkeypatch, mount)
    with pytest.raises(SottoError):
        make_tools(checkout, tmp_path, tmp_path / "tools", tmp_path / "log")
    assert str(tmp_path) not in Path("/proc/self/mountinfo").read_text()


def test_a_tree_is_made_once(checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, log = tmp_path / "tools", tmp_path / "log"
    _installer(tmp_path / "bin", monkeypatch, _WHOLE)
    first = make_tools(checkout, tmp_path, folder, log)
    _installer(tmp_path / "bin", monkeypatch, "exit 1")
    assert make_tools(checkout, tmp_path, folder, log) == first


def test_mkosi_gives_microcode_in_order_and_without_the_time(tmp_path: Path) -> None:
    (tmp_path / "mkosi").mkdir()
    (tmp_path / "mkosi/__init__.py").write_text(_MKOSI)
    mend(tmp_path)
    assert (
        (tmp_path / "mkosi/__init__.py").read_text()
        == """
    for p in sorted(amd.iterdir()):
    for p in sorted(intel.iterdir()):
    normalize_mtime(root, context.config.source_date_epoch)
    make_cpio(root, microcode, sandbox=context.sandbox)
"""
    )


def test_another_mkosi_is_not_mended_blindly(tmp_path: Path) -> None:
    (tmp_path / "mkosi").mkdir()
    (tmp_path / "mkosi/__init__.py").write_text(_MKOSI.replace("amd", "arm"))
    with pytest.raises(SottoError, match=r"amd\.iterdir") as caught:
        mend(tmp_path)
    assert caught.value.code == "tools.mkosi"


def test_the_tree_of_an_older_lock_is_removed(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, log = tmp_path / "tools", tmp_path / "log"
    _installer(tmp_path / "bin", monkeypatch, _WHOLE)
    old = make_tools(checkout, tmp_path, folder, log)
    (checkout / "buildimage/locks/tools.lock").write_text("newer\n")
    new = make_tools(checkout, tmp_path, folder, log)
    assert new.root != old.root
    assert list(folder.iterdir()) == [new.root]


def test_the_command_binds_in_the_order_given() -> None:
    binds = {Path("/a"): "/build", Path("/b"): "/build/inner"}
    line = Tools(Path("/root")).command(["true"], binds=binds)
    assert line.index("/build") < line.index("/build/inner")
