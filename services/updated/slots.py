"""The two slots on the disk: which one runs, which one an update may go to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from services.updated.errors import InstallFailed
from services.updated.gpt import ROOT, VERITY, Partition, read_table
from services.updated.places import Places

_MOUNTS_LIMIT = 1024 * 1024


@dataclass(frozen=True)
class RootDisk:
    """What / is made of.

    Attributes:
        device: the whole disk.
        in_use: numbers of the partitions that / is read from, root and verity.
    """

    device: Path
    in_use: frozenset[int]


@dataclass(frozen=True)
class Slots:
    """The slots as in the partition table; the pairs are (root, verity) in the table's order."""

    disk: RootDisk
    pairs: tuple[tuple[Partition, Partition], tuple[Partition, Partition]]

    @property
    def running(self) -> int:
        """Index of the pair that / is read from."""
        return next(i for i, pair in enumerate(self.pairs) if pair[0].number in self.disk.in_use)

    @property
    def other(self) -> tuple[Partition, Partition]:
        """The pair that is free to be written."""
        return self.pairs[1 - self.running]

    @property
    def other_version(self) -> str | None:
        """The version that lies complete in the other slot, as far as labels say."""
        root, verity = self.other
        version = root.label.removeprefix("sotto_")
        whole = root.label != version and verity.label == f"{root.label}_verity"
        return version if whole else None

    def holds(self, version: str, root_uuid: str, verity_uuid: str) -> bool:
        """Whether just this build lies in the other slot."""
        root, verity = self.other
        return self.other_version == version and (
            root.uuid.replace("-", "") == root_uuid and verity.uuid.replace("-", "") == verity_uuid
        )


def find_root_disk(places: Places) -> RootDisk:
    """The disk and the partitions behind /, from the kernel's view of the running device mapper.

    Raises:
        InstallFailed: / is not on dm-verity over two partitions of one disk.
    """
    number = _root_device(places)
    # The links below /sys/dev lead to the device's own folder; partitions lie in their disk's.
    block = places.sys / "dev/block" / number
    try:
        slaves = [slave.resolve(strict=True) for slave in (block / "slaves").iterdir()]
        disks = {slave.parent for slave in slaves}
        numbers = frozenset(int((slave / "partition").read_text("ascii")) for slave in slaves)
    except (OSError, ValueError) as error:
        raise _no_slots(f"device {number} of / is not made of partitions ({error})") from error
    if len(disks) != 1 or len(numbers) != 2:
        raise _no_slots(f"/ is made of {len(numbers)} partitions on {len(disks)} disks, not of 2 on 1")
    return RootDisk(places.dev / disks.pop().name, numbers)


def read_slots(disk: RootDisk, arch: str, running: str) -> Slots:
    """Both slots, checked against the running version.

    Raises:
        InstallFailed: the table does not show two slots of which the running one is labelled `running`.
            Labels are what keeps systemd-sysupdate away from a slot, so with others nothing is written.
    """
    table = read_table(disk.device)
    roots = [p for p in table if p.type == ROOT[arch]]
    hashes = [p for p in table if p.type == VERITY[arch]]
    if len(roots) != 2 or len(hashes) != 2:
        raise _no_slots(
            f"{disk.device} has {len(roots)} root and {len(hashes)} verity partitions, not 2 and 2"
        )
    slots = Slots(disk, ((roots[0], hashes[0]), (roots[1], hashes[1])))
    used = [pair for pair in slots.pairs if {p.number for p in pair} == disk.in_use]
    if len(used) != 1:
        raise _no_slots(f"/ is read from partitions {sorted(disk.in_use)}, which are no slot")
    root, verity = used[0]
    if root.label != f"sotto_{running}" or verity.label != f"sotto_{running}_verity":
        raise _no_slots(
            f"the running version is {running}, but its partitions are called {root.label} and {verity.label}"
        )
    if any(part.label in (root.label, verity.label) for part in slots.other):
        raise _no_slots(f"both slots are called {root.label}")
    return slots


def _root_device(places: Places) -> str:
    """MAJOR:MINOR of the file system at /, see proc_pid_mountinfo(5)."""
    try:
        with (places.proc / "self/mountinfo").open("rb") as file:
            lines = file.read(_MOUNTS_LIMIT).decode("utf-8", "replace").splitlines()
    except OSError as error:
        raise _no_slots(f"the mounts cannot be read ({error.strerror})") from error
    # The last line for / lies on top of what was mounted there before.
    devices = [fields[2] for line in lines if len(fields := line.split(" ")) > 4 and fields[4] == "/"]
    if not devices:
        raise _no_slots("nothing is mounted at /")
    return devices[-1]


def _no_slots(why: str) -> InstallFailed:
    return InstallFailed(
        f"this box has no slots to update: {why}",
        hint="updates need the disk layout of the Sotto image; nothing was changed",
        code="update.slots",
    )
