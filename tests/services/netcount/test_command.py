"""`sotto network`, and the service that counts for it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from common.errors import SottoError
from services.cli.main import main
from services.netcount import main as service
from services.netcount.figures import figures
from services.netcount.firewall import parse_table
from services.netcount.kernel import links, living_units
from services.traffic.figures import from_json, to_json
from tests.conftest import REPOSITORY
from tests.services.netcount.conftest import table


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for programs that are found before the real ones."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    _program(folder / "systemctl", "exit 1")
    return folder


def _program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def _nft(folder: Path, text: str) -> None:
    (folder / "table.json").write_text(text)
    _program(folder / "nft", f'[ "$*" = "-j list table inet sotto" ] && cat {folder}/table.json')


def test_what_the_service_left_is_shown(
    programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    counters = tmp_path / "counters.json"
    monkeypatch.setenv("SOTTO_NETWORK_FILE", str(counters))
    _nft(programs, table())
    service.take(counters)
    assert counters.stat().st_mode & 0o777 == 0o644
    assert main(["network"]) == 0
    assert "only name look-ups (2 kB)" in capsys.readouterr().out
    assert main(["network", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["sent"]["time"] == {"packets": 9, "bytes": 900}


def test_without_figures_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SOTTO_NETWORK_FILE", str(tmp_path / "none.json"))
    assert main(["network"]) == 5
    assert "[network.figures]" in capsys.readouterr().err


@pytest.mark.parametrize("damaged", ["", "{", "[]", '{"format": 1}'])
def test_damaged_figures_are_an_error_and_then_replaced(
    programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damaged: str
) -> None:
    counters = tmp_path / "counters.json"
    counters.write_text(damaged)
    monkeypatch.setenv("SOTTO_NETWORK_FILE", str(counters))
    assert main(["network"]) == 2
    _nft(programs, table())
    service.take(counters)
    assert main(["network"]) == 0


def test_old_figures_come_with_a_warning(
    programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    counters = tmp_path / "counters.json"
    old = figures(parse_table(table()), {}, (), time.clock_gettime(time.CLOCK_BOOTTIME) - 500, None)
    counters.write_text(json.dumps(to_json(old)))
    monkeypatch.setenv("SOTTO_NETWORK_FILE", str(counters))
    assert main(["network"]) == 0
    assert "should be newer" in capsys.readouterr().err


def test_a_firewall_that_does_not_tell_leaves_the_old_figures(programs: Path, tmp_path: Path) -> None:
    counters = tmp_path / "counters.json"
    _nft(programs, table())
    service.take(counters)
    before = counters.read_bytes()
    _program(programs / "nft", "echo 'Error: No such file or directory' >&2; exit 1")
    with pytest.raises(SottoError, match="No such file"):
        service.take(counters)
    assert counters.read_bytes() == before


def test_names_last_from_run_to_run(programs: Path, tmp_path: Path) -> None:
    counters = tmp_path / "counters.json"
    ended = '{"elem": {"val": "77", "counter": {"packets": 1, "bytes": 60}}}'
    text = table().replace('"name": "denied", ', f'"name": "denied", "elem": [{ended}], ', 1)
    now = figures(parse_table(text), {"77": "brief.service"}, (), 1.0, None)
    counters.write_text(json.dumps(to_json(now)))
    _nft(programs, text)
    service.take(counters)
    assert "brief.service" in [unit.name for unit in from_json(json.loads(counters.read_bytes())).units]


def test_units_are_the_second_level_of_cgroups(tmp_path: Path) -> None:
    unit = tmp_path / "fs/cgroup/system.slice/a.service"
    (unit / "inside").mkdir(parents=True)
    (unit.parent / "cgroup.procs").touch()
    assert living_units(tmp_path) == {str(unit.stat().st_ino): "a.service"}


def test_interfaces_but_loopback(tmp_path: Path) -> None:
    for name in ("lo", "eth0", "broken"):
        (tmp_path / "class/net" / name / "statistics").mkdir(parents=True)
    for name in ("lo", "eth0"):
        for file, number in (("tx_bytes", "12\n"), ("rx_bytes", "34\n")):
            (tmp_path / "class/net" / name / "statistics" / file).write_text(number)
    (link,) = links(tmp_path)
    assert (link.name, link.sent, link.received) == ("eth0", 12, 34)


def test_the_exposure_of_the_service_is_two_at_most() -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    unit = REPOSITORY / "rootfs/usr/lib/systemd/system/sotto-netcount.service"
    command = ["systemd-analyze", "security", "--offline=yes", "--no-pager", "--threshold=20", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if "unrecognized option" in done.stderr:
        pytest.skip("this systemd-analyze cannot judge files")
    assert done.returncode == 0, done.stdout[-300:] + done.stderr
