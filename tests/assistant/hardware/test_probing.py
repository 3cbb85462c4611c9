"""Opening nodes and making trials in a process that may be given up."""

from __future__ import annotations

import grp
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.hardware.ladder import Opening, Outcome, Trial
from assistant.hardware.probing import MOST_HANGS, Limits, make_trial, open_nodes
from assistant.serving.registry import BY_ENGINE
from tests.assistant.hardware.stuck import StuckFolder

IMPATIENT = Limits(open_s=0.3, trial_s=0.3)


@pytest.fixture
def stuck() -> Iterator[StuckFolder]:
    folder = StuckFolder()
    yield folder
    folder.close()


def test_a_device_that_opens_does_so() -> None:
    assert open_nodes(["/dev/null"]) == {"/dev/null": Opening("/dev/null", Outcome.OPENED)}


def test_what_is_gone_or_no_device_is_named(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.touch()
    os.mkfifo(tmp_path / "pipe")
    found = open_nodes([str(tmp_path / "gone"), str(plain), str(tmp_path / "pipe"), "/dev/null"])
    assert [(each.outcome, each.detail) for each in found.values()] == [
        (Outcome.FAILED, "No such file or directory"),
        (Outcome.FAILED, "it is no character device"),
        (Outcome.FAILED, "it is no character device"),
        (Outcome.OPENED, ""),
    ]


def test_a_driver_that_hangs_costs_its_time_and_others_their_turn_only_after_a_few(
    stuck: StuckFolder,
) -> None:
    hanging = [str(stuck.folder / f"npu{n}") for n in range(MOST_HANGS + 1)]
    found = open_nodes([hanging[0], "/dev/null", *hanging[1:]], IMPATIENT)
    assert stuck.waiting.is_set()
    assert found["/dev/null"].outcome is Outcome.OPENED
    outcomes = [found[node].outcome for node in hanging]
    assert outcomes == [*[Outcome.HANGS] * MOST_HANGS, Outcome.FAILED]


def test_a_denied_node_is_told_from_an_absent_one() -> None:
    """Opened by a process that has given up its rights, because root may open everything."""
    closed = next((each for each in ("/dev/fuse", "/dev/loop-control", "/dev/mem") if _is_closed(each)), None)
    if os.geteuid() != 0 or closed is None:
        pytest.skip("needs root, which gives up its rights, and a device that is not everybody's")
    code = (
        "import os; from assistant.hardware.probe import open_node\n"
        f"os.setgroups([]); os.setgid(65534); os.setuid(65534); print(*open_node({closed!r}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    status = Path(closed).stat()
    mode, group = stat.S_IMODE(status.st_mode), grp.getgrgid(status.st_gid).gr_name
    assert done.stdout == f"denied permission denied; mode {mode:04o}, group {group}\n"


def _is_closed(node: str) -> bool:
    return Path(node).exists() and not stat.S_IMODE(Path(node).stat().st_mode) & 0o006


def test_the_trial_of_the_cpu_is_right() -> None:
    assert make_trial(BY_ENGINE, ["onnxruntime"]).outcome is Outcome.RIGHT


TRIALS = """
import os, time
from common.errors import Unavailable

def wrong(nodes):
    print("words of a library")
    return False, "1 instead of 2 on " + nodes[0]

def raises(nodes):
    raise RuntimeError("no such operator")

def refuses(nodes):
    raise Unavailable("no device", hint="none")

def dies(nodes):
    os._exit(1)

def hangs(nodes):
    time.sleep(100)
"""


@pytest.mark.parametrize(
    ("name", "trial"),
    [
        ("wrong", Trial(Outcome.WRONG, "1 instead of 2 on /dev/npu0")),
        ("raises", Trial(Outcome.FAILED, "RuntimeError: no such operator")),
        ("refuses", Trial(Outcome.FAILED, "no device")),
        ("dies", Trial(Outcome.FAILED, "the process that tried it died")),
        ("hangs", Trial(Outcome.FAILED, "no answer within 0.3 s")),
        ("absent", Trial(Outcome.FAILED, "AttributeError: module 'trials' has no attribute 'absent'")),
    ],
)
def test_a_trial_that_is_not_right_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, trial: Trial
) -> None:
    (tmp_path / "trials.py").write_text(TRIALS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert make_trial(f"trials:{name}", ["/dev/npu0"], IMPATIENT) == trial
