"""Units: each is sandboxed and bounded, and only a version on trial falls back."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.system.exposure import EXCEPTIONS, MOST_EXPOSED

UNITS = REPOSITORY / "rootfs/usr/lib/systemd/system"
OURS = sorted(path.stem for path in UNITS.glob("sotto-*.service"))


@pytest.mark.parametrize("unit", OURS)
def test_the_exposure_is_two_at_most(unit: str) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    most = round(10 * EXCEPTIONS.get(unit, MOST_EXPOSED))
    command = ["systemd-analyze", "security", "--offline=yes", "--no-pager", f"--threshold={most}"]
    done = subprocess.run(
        [*command, str(UNITS / f"{unit}.service")], capture_output=True, text=True, timeout=60
    )
    if "unrecognized option" in done.stderr:
        pytest.skip("this systemd-analyze cannot judge files")
    assert done.returncode == 0, done.stdout[-300:] + done.stderr


@pytest.mark.parametrize("unit", OURS)
def test_every_unit_has_a_bound_of_memory_and_of_tasks(unit: str) -> None:
    lines = (UNITS / f"{unit}.service").read_text("utf-8").splitlines()
    assert [line for line in lines if line.startswith("MemoryMax=")], "no MemoryMax="
    assert unit == "sotto-fallback" or [line for line in lines if line.startswith("TasksMax=")], (
        "no TasksMax="
    )


def test_an_owner_may_write_into_the_folder_of_settings(tmp_path: Path) -> None:
    if shutil.which("systemd-tmpfiles") is None or os.geteuid() != 0:
        pytest.skip("systemd-tmpfiles is not installed, or this is not root")
    lines = (REPOSITORY / "rootfs/usr/lib/tmpfiles.d/sotto.conf").read_text("utf-8").splitlines()
    config = tmp_path / "made.conf"
    ours = [line for line in lines if line.startswith(("d /var/lib/sotto ", "d /var/lib/sotto/"))]
    config.write_text("".join(f"{line}\n" for line in ours))
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text("root:x:0:0::/:/bin/sh\nsotto:x:900:900::/:/bin/sh\n")
    (tmp_path / "etc/group").write_text("root:x:0:\nsotto:x:900:owner\n")
    folder = tmp_path / "var/lib/sotto/config"
    # As versions of before left it.
    folder.mkdir(parents=True, mode=0o750)
    for path in (folder, folder.parent):
        os.chown(path, 900, 900)
    command = ["systemd-tmpfiles", "--create", f"--root={tmp_path}", str(config)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    status = folder.stat()
    assert (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid) == (0o2770, 900, 900)


def test_no_unit_takes_the_folder_of_settings_back_when_it_starts() -> None:
    named = [
        word
        for unit in UNITS.rglob("*.service")
        for line in unit.read_text("utf-8").splitlines()
        if line.startswith("StateDirectory=")
        for word in line.partition("=")[2].split()
    ]
    assert "sotto" in named and "sotto/config" not in named


def test_of_the_group_nobody_but_the_assistant_and_the_owner_can_write_there() -> None:
    """Whoever is in group sotto has a read-only /var, but for folders of his own."""
    for unit in UNITS.glob("sotto-*.service"):
        lines = unit.read_text("utf-8").splitlines()
        if "User=sotto" in lines or not {"Group=sotto", "SupplementaryGroups=sotto"} & set(lines):
            continue
        assert "ProtectSystem=strict" in lines, unit.name
        assert "StateDirectory=sotto" not in lines, unit.name
        assert not any(line.startswith("ReadWritePaths=") and "/var" in line for line in lines), unit.name


def test_neither_the_assistant_nor_what_hears_the_network_may_command_updates() -> None:
    may = {
        unit.name
        for unit in UNITS.glob("sotto-*.service")
        for line in unit.read_text("utf-8").splitlines()
        if line.startswith(("Group=", "SupplementaryGroups="))
        and "sotto-update" in line.partition("=")[2].split()
    }
    wanted = {"sotto-updated", "sotto-gate", "sotto-stick@", "sotto-update-check"}
    assert may == {f"{name}.service" for name in wanted}


def test_a_bad_version_is_marked_where_the_boot_loader_renames_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "boot/EFI/Linux"
    folder.mkdir(parents=True)
    (tmp_path / "os-release").write_text('IMAGE_VERSION="3"\n')
    for name in ("sotto_2.efi", "sotto_3+3-0.efi"):
        (folder / name).touch()
    subprocess.run(["sh", "-c", _shell("ExecStart=-/bin/sh -c '", tmp_path)], timeout=20, check=True)
    assert {path.name for path in folder.iterdir()} == {"sotto_2.efi", "sotto_3+0-3.efi"}


def _condition(root: Path) -> str:
    return _shell("ExecCondition=/bin/sh -c '", root)


def _shell(begin: str, root: Path) -> str:
    """A shell line of the fallback as systemd hands it over, with its paths below `root`."""
    lines = (UNITS / "sotto-fallback.service").read_text("utf-8").splitlines()
    line = next(line for line in lines if line.startswith(begin))
    script = line.removeprefix(begin).removesuffix("'").replace("$$", "$")
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
