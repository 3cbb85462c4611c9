"""The updater: check, apply, status and rollback, over the parts that each do one thing."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace

from common.errors import InvalidInput, SottoError
from services.updated.artefacts import Release, choose, choose_named, parse_sums, releases
from services.updated.bootentries import BootEntry, BootFolder, on_trial
from services.updated.download import remove, stage
from services.updated.errors import InstallFailed, UpdateRefused
from services.updated.fallback import GoingBack, plan_rollback, settle, trial_of
from services.updated.folder import FolderSource
from services.updated.household import boot_id, look
from services.updated.install import Installer
from services.updated.machine import Machine
from services.updated.places import Places
from services.updated.progress import Checked, Overview, Place, Step
from services.updated.runner import Runner
from services.updated.signature import require_signature
from services.updated.slots import Slots, find_root_disk
from services.updated.source import (
    SIGNATURE,
    SIGNATURE_LIMIT,
    SUMS,
    SUMS_LIMIT,
    Source,
    SourceSetting,
    read_setting,
    update_folder,
)
from services.updated.state import LastCheck, RolledBack, State, StateStore
from services.updated.versions import is_version
from services.updated.web import WebSource

log = logging.getLogger(__name__)

_REBOOT_S = 60.0


class Updater:
    """One for the machine.

    Args:
        places, machine, runner: where, on what, and how programs are started.
        clock: seconds since the epoch.
        stall_s: seconds without a byte after which a connection is given up.
    """

    def __init__(
        self,
        places: Places,
        machine: Machine,
        runner: Runner,
        clock: Callable[[], float],
        stall_s: float = 60.0,
    ) -> None:
        self._places = places
        self._machine = machine
        self._runner = runner
        self._clock = clock
        self._stall_s = stall_s
        self._boot = BootFolder(places.kernels)
        self.store = StateStore(places.state)
        self._busy = threading.Lock()
        self._step: Step | None = None

    @property
    def running(self) -> str:
        """The running version."""
        return self._machine.version

    def settle(self) -> State:
        """Notice versions that failed their trial, and one that passed; to be called at the start.

        Raises:
            InstallFailed: the boot folder cannot be read.
            StorageError: the state cannot be written.
        """
        entries = self._boot.entries()
        before = self.store.load()
        if self._passed_uncounted(before, entries):
            self._boot.bless(self._machine.version)
            entries = self._boot.entries()
        settled = settle(before, entries, self._machine.version, self._clock())
        for version in settled.give_up:
            self._boot.give_up(version)
        if settled.state == before:
            return before
        return self.store.change(
            lambda state: settle(state, entries, self._machine.version, self._clock()).state
        )

    def check(self, address: str = "") -> Checked:
        """What the source has for this box.

        Raises:
            SottoError: no source, no answer, no good signature, or a damaged list.
        """
        setting = self._setting(address)
        refused = self._settled().refused
        try:
            offered = self._offered(self._open(setting))
            choice = choose(offered, self._machine.version, refused)
        except SottoError as error:
            self._note(setting, "", error.message)
            raise
        self._note(setting, choice.release.version if choice.release else "", choice.reason)
        return Checked(setting.address, choice)

    def apply(
        self, report: Callable[[Step], None], address: str = "", wanted: str = "", *, reboot: bool = False
    ) -> None:
        """Install the newest version, or `wanted`, into the other slot.

        `report` gets each step; the last one is "staged", "reboot" or "none".

        Raises:
            Conflict: another update is being installed.
            SottoError: what keeps this one from being installed; the running version is untouched.
        """
        if wanted and not is_version(wanted):
            raise InvalidInput(f"{wanted[:40]!r} is no version", code="update.version")
        with self._alone("an update"):
            try:
                self._apply(self._recording(report), address, wanted, reboot)
            finally:
                self._step = None

    def rollback(self, *, reboot: bool = False) -> GoingBack:
        """Make the version in the other slot the next one to boot, or withdraw one not yet started.

        Raises:
            UpdateRefused: there is nothing to go back to.
            Conflict: an update is being installed.
            InstallFailed, StorageError: the boot folder or the state cannot be written.
        """
        with self._alone("a rollback"):
            state = self._settled()
            running = self._machine.version
            plan = plan_rollback(
                self._boot.entries(), running, self._slots().other_version, state.staged, state.refused
            )
            # On the list first: a power cut between the two must not offer the version again.
            if plan.give_up:
                entry = RolledBack(running, "the owner went back to the version before", self._clock())
                self.store.change(
                    lambda state: replace(state, staged="", rolled_back=(*state.rolled_back, entry))
                )
                self._boot.give_up(plan.give_up)
            else:
                self._boot.remove([plan.withdraw])
                self.settle()
            if reboot and plan.give_up:
                self.reboot()
            return plan

    def overview(self) -> Overview:
        """Where the box stands; what keeps it from being updated is part of it and no error."""
        problem, slot, other, boot, source = "", "", "", "unknown", ""
        try:
            setting = read_setting(self._places)
            source = setting.address if setting else ""
        except SottoError as error:
            problem = error.message
        try:
            boot = trial_of(self._boot.entries(), self._machine.version)
            slots = self._slots()
            slot, other = "AB"[slots.running], slots.other_version or ""
        except SottoError as error:
            problem = error.message
        if not problem and not self._places.keyring.is_file():
            problem = "this image was built without a key: updates are refused"
        return Overview(
            self._machine.version, slot, boot, other, source, self.store.load(), self._step, problem
        )

    def remember_household(self) -> None:
        """Note timers and hubs, for the health check of the next boot; to be called before a shutdown."""
        seen = look(self._places, self._clock())
        self.store.change(lambda state: replace(state, household=seen))

    def forget_household(self) -> None:
        """Drop what was noted within this boot: the daemon has started again, the machine has not."""
        boot = boot_id(self._places)

        def dropped(state: State) -> State:
            same = state.household is not None and state.household.boot == boot
            return replace(state, household=None) if same else state

        self.store.change(dropped)

    def reboot(self) -> None:
        """Restart the machine; raises Unavailable or InstallFailed."""
        self.remember_household()
        done = self._runner.run(["systemctl", "--no-block", "reboot"], _REBOOT_S)
        if done.status != 0:
            raise InstallFailed(
                f"the box does not reboot: {done.last_words}",
                hint="switch it off and on",
                code="update.reboot",
            )

    def _apply(self, report: Callable[[Step], None], address: str, wanted: str, reboot: bool) -> None:
        setting = self._setting(address)
        report(Step("check", f"looking at {setting.address}"))
        state = self._settled()
        source = self._open(setting)
        release, reason = self._chosen(self._offered(source), wanted, state)
        if release is None:
            report(Step("none", reason))
            return
        disk = find_root_disk(self._places)
        installer = Installer(self._places, self._machine, disk, self._runner)
        version = release.version
        installer.require_proven()
        if not installer.is_staged(release):
            staged = stage(
                source,
                release,
                self._places.staging,
                lambda name, done, total: report(
                    Step("download", f"downloading {name}", version, done, total)
                ),
            )
            report(Step("install", f"writing version {version} into the other slot", version))
            installer.install(release, staged)
        self.settle()
        try:
            remove(self._places.staging)
        except OSError as error:
            log.warning("%s was not removed: %s", self._places.staging, error)
        if reboot:
            report(Step("reboot", f"version {version} is staged; rebooting to try it", version))
            self.reboot()
        else:
            report(Step("staged", f"version {version} is staged: reboot to try it", version))

    def _chosen(self, offered: dict[str, Release], wanted: str, state: State) -> tuple[Release | None, str]:
        if wanted:
            return choose_named(offered, wanted, self._machine.version, state.refused), ""
        choice = choose(offered, self._machine.version, state.refused)
        return choice.release, choice.reason

    def _offered(self, source: Source) -> dict[str, Release]:
        sums = source.small(SUMS, SUMS_LIMIT)
        signature = source.small(SIGNATURE, SIGNATURE_LIMIT)
        require_signature(self._runner, self._places.keyring, sums, signature)
        return releases(parse_sums(sums), self._machine.arch)

    def _passed_uncounted(self, state: State, entries: Iterable[BootEntry]) -> bool:
        """Whether the running version passed its trial and no other program marks it as proven.

        systemd-bless-boot does, but only where the boot loader counts tries by renaming the kernel image.
        """
        verdict, running = state.boot, self._machine.version
        return (
            verdict is not None
            and verdict.passed
            and verdict.version == running
            and running not in state.refused
            and on_trial(entries, running)
            and not self._places.counted.exists()
        )

    def _setting(self, address: str) -> SourceSetting:
        setting = read_setting(self._places)
        if address:
            return SourceSetting(address, setting.insecure_http if setting else False)
        if setting is None:
            raise UpdateRefused(
                "no update source is set",
                hint='write source = "https://host/folder/" below [update] in sotto.toml, or use --source',
                code="update.no-source",
            )
        return setting

    def _open(self, setting: SourceSetting) -> Source:
        if setting.address.startswith(("http://", "https://")):
            return WebSource(setting.address, insecure_http=setting.insecure_http, stall_s=self._stall_s)
        return FolderSource(update_folder(setting.address))

    def _slots(self) -> Slots:
        disk = find_root_disk(self._places)
        return Installer(self._places, self._machine, disk, self._runner).slots()

    def _settled(self) -> State:
        try:
            return self.settle()
        except InstallFailed as error:
            log.warning("the boot entries were not checked: %s", error)
            return self.store.load()

    def _note(self, setting: SourceSetting, version: str, text: str) -> None:
        check = LastCheck(setting.address, version, text, self._clock())
        self.store.change(lambda state: replace(state, check=check))

    def _alone(self, what: str) -> Place:
        return Place(self._busy, what)

    def _recording(self, report: Callable[[Step], None]) -> Callable[[Step], None]:
        def record(step: Step) -> None:
            self._step = step
            report(step)

        return record
