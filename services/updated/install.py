"""Writing a staged release into the other slot, by systemd-sysupdate."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from common.errors import StorageError
from services.updated.artefacts import Release
from services.updated.bootentries import BootFolder
from services.updated.errors import InstallFailed, UpdateRefused
from services.updated.machine import Machine
from services.updated.places import Places
from services.updated.runner import Runner
from services.updated.slots import RootDisk, Slots, read_slots

SYSUPDATE = "/usr/lib/systemd/systemd-sysupdate"
_TIMEOUT_S = 3600.0
#: What the EFI system partition must have left beside a new kernel image, bytes.
_BOOT_SPARE = 2 * 1024 * 1024


class Installer:
    """Installs into the slot that does not run.

    Args:
        places, machine: where and on what.
        disk: what / is made of; its partitions are never written.
        runner: starts systemd-sysupdate.
    """

    def __init__(self, places: Places, machine: Machine, disk: RootDisk, runner: Runner) -> None:
        self._places = places
        self._machine = machine
        self._disk = disk
        self._runner = runner
        self._boot = BootFolder(places.kernels)

    def slots(self) -> Slots:
        """Both slots as they are now; raises InstallFailed."""
        return read_slots(self._disk, self._machine.arch, self._machine.version)

    def is_staged(self, release: Release) -> bool:
        """Whether just this build waits in the other slot to be tried."""
        return self._holds(self.slots(), release) and any(
            entry.version == release.version and not entry.failed for entry in self._boot.entries()
        )

    def require_proven(self) -> None:
        """Raise UpdateRefused unless the running version boots for good.

        The other slot holds what the box falls back to while the running version is on trial, and what it
        returns to after a rollback: to overwrite it then could leave nothing that boots.
        """
        running = self._machine.version
        if not any(entry.version == running and entry.blessed for entry in self._boot.entries()):
            raise UpdateRefused(
                f"version {running} is not proven, so the version in the other slot is still needed",
                hint="wait until its trial is over, or reboot if you have rolled it back",
                code="update.on-trial",
            )

    def install(self, release: Release, staged: Path) -> None:
        """Empty the other slot and write `release` from the verified files in `staged`.

        Whatever an interruption leaves, the running version boots and the next call starts again: kernel
        images of others go first and the new one comes last, so no image ever lacks its slot.

        Raises:
            UpdateRefused: the running version is not proven.
            InstallFailed: the slots are not as they must be, or systemd-sysupdate failed.
            StorageError: not enough space for the kernel image.
        """
        running = self._machine.version
        self.require_proven()
        slots = self.slots()
        others = {entry.version for entry in self._boot.entries()} - {running}
        self._boot.remove(others)
        self._require_space(staged / release.kernel.name)
        definitions = self._render(slots, staged)
        command = [SYSUPDATE, f"--definitions={definitions}"]
        self._run([*command, "--instances-max=1", "vacuum"], "the other slot could not be emptied")
        emptied = self.slots()
        if any(part.label != "_empty" for part in emptied.other):
            raise InstallFailed(
                f"the other slot is called {emptied.other[0].label} and {emptied.other[1].label} after it"
                " was emptied",
                hint="it holds something that is not ours; name its partitions _empty by hand",
                code="update.slots",
            )
        self._run([*command, "update", release.version], f"version {release.version} could not be written")
        os.sync()
        if not self.is_staged(release):
            raise InstallFailed(
                f"version {release.version} is not in its slot after it was written",
                hint="try again; look into the journal if that does not help",
                code="update.install",
            )

    @staticmethod
    def _holds(slots: Slots, release: Release) -> bool:
        return slots.holds(release.version, release.root.uuid, release.verity.uuid)

    def _render(self, slots: Slots, staged: Path) -> Path:
        """Fill the templates; the result has nothing of another time in it."""
        target = self._places.definitions
        values = {
            "staging": str(staged),
            "disk": str(slots.disk.device),
            "kernels": str(self._places.kernels),
            "running": self._machine.version,
            "arch": self._machine.arch,
        }
        try:
            shutil.rmtree(target, ignore_errors=True)
            target.mkdir(mode=0o700, parents=True)
            templates = sorted(self._places.templates.glob("*.transfer"))
            for template in templates:
                text = template.read_text("utf-8").format_map(values)
                (target / template.name).write_text(text, "utf-8")
        except (OSError, KeyError, ValueError) as error:
            raise InstallFailed(
                f"the transfers in {self._places.templates} cannot be used: {error}",
                hint="is this a Sotto image?",
                code="update.transfers",
            ) from error
        if len(templates) != 3:
            raise InstallFailed(
                f"{self._places.templates} has {len(templates)} transfers, not 3",
                hint="is this a Sotto image?",
                code="update.transfers",
            )
        return target

    def _require_space(self, kernel: Path) -> None:
        needed = kernel.stat().st_size + _BOOT_SPARE
        free = shutil.disk_usage(self._places.kernels).free
        if free < needed:
            raise StorageError(
                f"the kernel image needs {needed // 2**20} MiB in {self._places.boot} and {free // 2**20} MiB"
                " are free",
                hint="remove what was put there by hand",
                code="update.boot-space",
            )

    def _run(self, command: list[str], what: str) -> None:
        done = self._runner.run(command, _TIMEOUT_S)
        if done.status != 0:
            raise InstallFailed(
                f"{what}: {done.last_words}",
                hint="the running version is untouched; try again",
                code="update.install",
            )
