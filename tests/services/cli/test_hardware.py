"""`sotto hardware` without a daemon: what it prints, and the file of the report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant.hardware.report import read_report
from services.cli.main import main


def test_the_cpu_of_this_machine_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["hardware", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert sum(len(cores["cpus"]) for cores in found["cores"]) > 0
    for each in found["accelerators"]:
        assert each["reason"] and each["rung"] and each["stop"]


def test_people_read_it_line_by_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["hardware"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("machine  ")
    assert lines[1].startswith("cores    ")


def test_the_report_is_one_that_the_repository_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.toml"
    assert main(["hardware", "report", "--machine", "A Box", "--out", str(file)]) == 0
    assert read_report(file).machine == "A Box"
    assert str(file) in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "status", "code"),
    [
        (["--machine", "aa:bb:cc:dd:ee:ff"], 2, "hardware.report"),
        (["--out", "/proc/none"], 8, "hardware.write"),
    ],
)
def test_a_report_that_cannot_be_made_says_why(
    options: list[str], status: int, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["hardware", "report", "--machine", "A Box", *options]) == status
    assert code in capsys.readouterr().err
