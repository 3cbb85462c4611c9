"""The devices of this machine as the kernel describes them, read through libudev."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from common.errors import Unavailable

#: A server with 4096 virtual functions and their nodes fits.
MOST_DEVICES = 20_000
#: Attributes that tell what a device is, by subsystem.
_IDS = {"pci": ("vendor", "device", "class"), "usb": ("idVendor", "idProduct")}
#: sysfs gives at most one page.
_MOST_CHARS = 4096


@dataclass(frozen=True)
class Device:
    """One device of the kernel.

    Attributes:
        subsystem: such as "pci".
        path: its folder in sysfs.
        name: the last part of the path.
        driver: the driver that is bound, or "".
        node: such as "/dev/accel/accel0", or "".
        compatible: its strings in the device tree, the most exact one first.
        attributes: those that were asked for and could be read, without white space around them.
    """

    subsystem: str
    path: str
    name: str
    driver: str = ""
    node: str = ""
    compatible: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)

    def is_below(self, other: Device) -> bool:
        """Whether it lies below `other` in sysfs."""
        return self.path.startswith(other.path + "/")


def read_devices(
    subsystems: Iterable[str], attributes: Iterable[str] = ()
) -> tuple[tuple[Device, ...], tuple[str, ...]]:
    """The devices of some subsystems, and what could not be read of them, in words.

    A device that vanishes meanwhile is left out; one that cannot be read is left out and named.

    Args:
        subsystems: which ones are looked at.
        attributes: names of attributes that are read besides the ids.

    Raises:
        Unavailable: `hardware.no-udev`: libudev is missing.
    """
    try:
        import pyudev

        context = pyudev.Context()
    except (ImportError, OSError) as error:
        raise Unavailable(
            f"devices cannot be listed: {error}",
            hint="install libudev (Debian: libudev1) and the Python package pyudev",
            code="hardware.no-udev",
        ) from error
    found: list[Device] = []
    problems: list[str] = []
    for subsystem in subsystems:
        wanted = (*_IDS.get(subsystem, ()), *attributes)
        try:
            for raw in context.list_devices(subsystem=subsystem):
                if len(found) >= MOST_DEVICES:
                    problems.append(f"there are more than {MOST_DEVICES} devices; the rest is left out")
                    return tuple(found), tuple(problems)
                _read(raw, subsystem, wanted, found, problems)
        except (OSError, ValueError) as error:
            problems.append(f"{subsystem}: {error}")
    return tuple(found), tuple(problems)


def _read(raw: Any, subsystem: str, wanted: Iterable[str], found: list[Device], problems: list[str]) -> None:
    try:
        device = _device(raw, subsystem, wanted)
    # Whatever one bad device causes, in libudev's binding or in its text, must not end the scan.
    except Exception as error:
        problems.append(f"{subsystem}: a device cannot be read: {type(error).__name__}: {error}")
        return
    found.append(device)
    # Interfaces of a USB device have no ids; a PCI device always has them.
    if subsystem == "pci" and not {"vendor", "device"} <= device.attributes.keys():
        problems.append(f"pci: the ids of {device.name} cannot be read")


def _device(raw: Any, subsystem: str, wanted: Iterable[str]) -> Device:
    values = {}
    for name in wanted:
        value = raw.attributes.get(name)
        if value is not None:
            values[name] = value[:_MOST_CHARS].decode("ascii", "replace").strip()
    return Device(
        subsystem=subsystem,
        path=str(raw.sys_path),
        name=str(raw.sys_name),
        driver=str(raw.driver or ""),
        node=str(raw.device_node or ""),
        compatible=_compatible(raw.properties),
        attributes=values,
    )


def _compatible(properties: Mapping[str, str]) -> tuple[str, ...]:
    count = properties.get("OF_COMPATIBLE_N", "0")
    numbers = range(min(int(count), 64)) if count.isdigit() else ()
    return tuple(properties.get(f"OF_COMPATIBLE_{number}", "") for number in numbers)
