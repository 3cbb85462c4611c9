"""Units: those that deal with the network are sandboxed, and only a version on trial falls back."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

UNITS = REPOSITORY / "rootfs/usr/lib/systemd/system"


@pytest.mark.parametrize(
    "unit",
    [
        "sotto-updated",
        "sotto-gate",
        "sotto-update-check",
        "sotto-stick@",
        "sotto-gatewayd",
        "sotto-connectord",
        "sotto-powerd",
        "sotto-power-restore",
    ],
)
def test_the_exposure_is_two_at_most(unit: str) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    command = ["systemd-analyze", "security", "--offline=yes", "--no-pager", "--threshold=20"]
    done = subprocess.run(
        [*command, str(UNITS / f"{unit}.service")], capture_output=True, text=True, timeout=60
    )
    if "unrecognized option" in done.stderr:
        pytest.skip("this systemd-analyze cannot judge files")
    assert done.returncode == 0, done.stdout[-300:] + done.stderr


def _condition(root: Path) -> str:
    """The shell of ExecCondition= as systemd hands it over, with its paths below `root`."""
    lines = (UNITS / "sotto-fallback.service").read_text("utf-8").splitlines()
    line = next(line for line in lines if line.startswith("ExecCondition="))
    script = line.removeprefix("ExecCondition=/bin/sh -c '").removesuffix("'").replace("$$", "$")
    return script.replace("/usr/lib/os-release", f"{root}/os-release").replace("/boot/", f"{root}/boot/")


@pytest.mark.parametrize(
    ("kernels", "falls_back"),
    [
        (["sotto_3+2-1.efi", "sotto_2.efi"], True),
        (["sotto_3+0-3.efi", "sotto_2.efi"], True),
        (["sotto_3.efi", "sotto_2.efi"], False),
        (["sotto_3.efi", "sotto_3+0-1.efi"], False),
        (["sotto_2.efi", "sotto_33+2-1.efi"], False),
        ([], False),
    ],
)
def test_only_a_version_on_trial_falls_back(tmp_path: Path, kernels: list[str], falls_back: bool) -> None:
    folder = tmp_path / "boot/EFI/Linux"
    folder.mkdir(parents=True)
    (tmp_path / "os-release").write_text('IMAGE_VERSION="3"\n')
    for name in kernels:
        (folder / name).touch()
    done = subprocess.run(["sh", "-c", _condition(tmp_path)], timeout=20, check=False)
    assert (done.returncode == 0) == falls_back
