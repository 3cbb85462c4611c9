"""`sotto power simulate` with an owner's own profiles."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

_DAY = 'turns = [["07:10:00", 1.5, 1.0]]\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A short day, and a folder for profiles."""
    (tmp_path / "short.toml").write_text(_DAY)
    (tmp_path / "power.d").mkdir()
    return tmp_path


def simulate(folder: Path, governors: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "services.cli.main", "power", "simulate", str(folder / "short.toml")]
    command += ["--machine", "n100", "--governors", governors, "--json"]
    return subprocess.run(
        [*command, "--profiles", str(folder / "power.d")],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=110,
    )


def test_an_own_profile_is_simulated_beside_the_built_in_ones(folder: Path) -> None:
    (folder / "power.d/eager.toml").write_text('based_on = "balanced"\nidle_ceiling = 1.0\npark = false\n')
    done = simulate(folder, "schedutil,sotto:balanced,sotto:eager")
    assert done.returncode == 0, done.stderr
    joules = {row["governor"]: row["cpu_j"] for row in json.loads(done.stdout)["results"]}
    assert joules["sotto:balanced"] < joules["sotto:eager"]


def test_a_mistake_in_an_own_profile_is_named(folder: Path) -> None:
    (folder / "power.d/eager.toml").write_text("idle_ceiling = 7\n")
    done = simulate(folder, "sotto:eager")
    assert done.returncode == 2
    assert "eager.toml: idle_ceiling" in done.stderr


def test_a_profile_that_does_not_exist_is_named_with_those_that_do(folder: Path) -> None:
    (folder / "power.d/eager.toml").write_text("")
    done = simulate(folder, "sotto:lazy")
    assert done.returncode == 2
    assert "sotto:eager" in done.stderr
