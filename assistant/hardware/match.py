"""Which devices are accelerators of the table, and which nodes belong to them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from assistant.hardware.devices import Device
from assistant.hardware.table import Entry, NodeRule, SeenRule, Table

_ID_NAMES = {"pci": ("vendor", "device"), "usb": ("idVendor", "idProduct")}


@dataclass(frozen=True)
class Found:
    """One accelerator of this machine.

    Attributes:
        entry: what it is.
        devices: the kernel's devices that it is made of; one where it is plugged in.
        nodes: its nodes in the kernel's device model.
    """

    entry: Entry
    devices: tuple[Device, ...]
    nodes: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """Where it is plugged in: PCI address or USB port; "" for a part of the chip."""
        return self.devices[0].name if _is_plugged(self) else ""

    @property
    def driver(self) -> str:
        """The driver that is bound: one that it needs before any other; "" for none."""
        bound = [device.driver for device in self.devices if device.driver]
        return next((name for name in bound if name in self.entry.drivers), bound[0] if bound else "")

    @property
    def is_made_by_driver(self) -> bool:
        """Whether a device with a node of its own was seen, which only a driver makes."""
        return not _is_plugged(self) and any(device.node for device in self.devices)


def match(table: Table, devices: Sequence[Device], most: int) -> tuple[Found, ...]:
    """The accelerators among `devices`, in the order of the table, at most `most` of them."""
    found = tuple(each for entry in table.accelerator for each in _matched(entry, devices))[:most]
    subsystems = {rule.subsystem for entry in table.accelerator for rule in entry.nodes}
    candidates = [device for device in devices if device.node and device.subsystem in subsystems]
    return tuple(replace(each, nodes=_nodes(each, devices, candidates)) for each in found)


def fits(rule: SeenRule, device: Device) -> bool:
    """Whether a device is what the rule asks for."""
    if rule.subsystem != device.subsystem:
        return False
    if rule.name and not fnmatchcase(device.name, rule.name):
        return False
    if rule.compatible and not any(fnmatchcase(each, rule.compatible) for each in device.compatible):
        return False
    if rule.vendor:
        vendor, product = (_hex(device, name) for name in _ID_NAMES[rule.subsystem])
        if vendor != rule.vendor or (rule.product and product not in rule.product):
            return False
    return not rule.classes or _hex(device, "class").startswith(rule.classes)


def _hex(device: Device, attribute: str) -> str:
    return device.attributes.get(attribute, "").lower().removeprefix("0x")


def _is_plugged(found: Found) -> bool:
    return any(rule.is_plugged and fits(rule, found.devices[0]) for rule in found.entry.seen)


def _matched(entry: Entry, devices: Iterable[Device]) -> Iterable[Found]:
    on_chip = []
    for device in devices:
        rule = next((rule for rule in entry.seen if fits(rule, device)), None)
        if rule is not None and rule.is_plugged:
            yield Found(entry, (device,))
        elif rule is not None:
            on_chip.append(device)
    if on_chip:
        yield Found(entry, tuple(on_chip))


def _nodes(found: Found, devices: Sequence[Device], candidates: Sequence[Device]) -> tuple[str, ...]:
    nodes = [device.node for device in found.devices if device.node and found.entry.own_node]
    for rule in found.entry.nodes:
        nodes += [each.node for each in candidates if _belongs(rule, each, found, devices)]
    return tuple(dict.fromkeys(nodes))


def _belongs(rule: NodeRule, node: Device, found: Found, devices: Sequence[Device]) -> bool:
    if node.subsystem != rule.subsystem or not fnmatchcase(node.name, rule.name):
        return False
    if rule.location:
        return node.attributes.get(rule.location) in {device.name for device in found.devices}
    if rule.below_name:
        return any(fnmatchcase(part, rule.below_name) for part in node.path.split("/")[:-1])
    if rule.below_drivers:
        return any(d.driver in rule.below_drivers and node.is_below(d) for d in devices)
    return any(node.is_below(device) for device in found.devices)
