"""The table of accelerators: how each is recognised, what drives it, and what can compute on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

from assistant.serving.entries import EngineEntry, load_engines
from common.settings_file import fill, read_table

_FILE = Path(__file__).with_name("accelerators.toml")
Kind = Literal["cpu", "gpu", "npu"]


@dataclass(frozen=True)
class SeenRule:
    """What a device must have so that it is the accelerator; what is empty is not asked for.

    Attributes:
        subsystem: the kernel's, such as "pci".
        name: pattern (fnmatch) for its name in sysfs.
        vendor: four hexadecimal digits, of PCI or USB.
        product: the ids that there are; empty for all of the vendor.
        classes: first digits of its PCI class, one of which must fit.
        compatible: pattern (fnmatch) for one of its compatible strings in the device tree.
    """

    subsystem: str = ""
    name: str = ""
    vendor: str = ""
    product: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    compatible: str = ""

    @property
    def is_plugged(self) -> bool:
        """Whether each such device is an accelerator of its own; on a chip all of them are one."""
        return self.subsystem in ("pci", "usb")


@dataclass(frozen=True)
class NodeRule:
    """Which devices are the accelerator's nodes; by default those below it in sysfs.

    Attributes:
        subsystem: the kernel's, such as "accel".
        name: pattern (fnmatch) for the name in sysfs.
        below_name: instead: below a device with such a name (a pattern).
        below_drivers: instead: below a device with one of these drivers.
        location: instead: with an attribute of this name that holds the name of the accelerator's device.
    """

    subsystem: str = ""
    name: str = "*"
    below_name: str = ""
    below_drivers: tuple[str, ...] = ()
    location: str = ""


@dataclass(frozen=True)
class Runtime:
    """Software that computes on the accelerator; all that is named here must be installed.

    Attributes:
        name: as people read it.
        module: a Python module at top level.
        package: an installed distribution, where the module's name does not tell one runtime from another.
        library: a shared library, without "lib" in front and ".so" behind.
    """

    name: str = ""
    module: str = ""
    package: str = ""
    library: str = ""


@dataclass(frozen=True)
class Entry:
    """One accelerator of the table.

    Attributes:
        id: in reports and messages.
        name: as people read it.
        kind: "cpu", "gpu" or "npu".
        seen: rules, one of which must fit.
        drivers: drivers, one of which must be bound; empty where none is needed.
        nodes: rules for its nodes.
        paths: patterns for nodes outside the kernel's device model, without the leading slash.
        own_node: its own device has the node.
        engines: ids of our engines that serve it (`assistant/serving/engines.toml`). Each is a runtime, too.
        runtimes: other runtimes. One runtime is enough.
    """

    id: str = ""
    name: str = ""
    kind: Kind = "npu"
    seen: tuple[SeenRule, ...] = ()
    drivers: tuple[str, ...] = ()
    nodes: tuple[NodeRule, ...] = ()
    paths: tuple[str, ...] = ()
    own_node: bool = False
    engines: tuple[str, ...] = ()
    runtimes: tuple[Runtime, ...] = ()

    @property
    def served_by(self) -> tuple[EngineEntry, ...]:
        """The engines of ours that serve it."""
        known = {engine.id: engine for engine in load_engines()}
        return tuple(known[name] for name in self.engines)

    @property
    def runtime_names(self) -> tuple[str, ...]:
        """Names of all runtimes, as people read them."""
        names = (*(each.name for each in self.served_by), *(each.name for each in self.runtimes))
        return tuple(dict.fromkeys(names))

    @property
    def needs_node(self) -> bool:
        """Whether a program reaches it through a device node."""
        return bool(self.nodes or self.paths or self.own_node)


@dataclass(frozen=True)
class Table:
    """All of `accelerators.toml`.

    Attributes:
        features: name of a CPU feature -> flags of /proc/cpuinfo, of which one is enough.
        accelerator: the entries, in the order of the file.
    """

    features: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    accelerator: tuple[Entry, ...] = ()

    def entry(self, name: str) -> Entry | None:
        """The entry of that id."""
        return next((each for each in self.accelerator if each.id == name), None)

    def subsystems(self) -> tuple[str, ...]:
        """Those in which accelerators and their nodes are found."""
        seen = {rule.subsystem for entry in self.accelerator for rule in entry.seen}
        return tuple(sorted(seen | {rule.subsystem for entry in self.accelerator for rule in entry.nodes}))

    def locations(self) -> frozenset[str]:
        """Attributes of nodes that name the device they belong to."""
        return frozenset(r.location for e in self.accelerator for r in e.nodes if r.location)


@dataclass(frozen=True)
class _Sections:
    accelerator: tuple[Entry, ...] = ()


@cache
def load_table(file: Path = _FILE) -> Table:
    """The table that belongs to Sotto, or another file of that form.

    Raises:
        InvalidInput: an unknown key, or a value of the wrong kind.
    """
    data = read_table(file)
    features = {str(name): tuple(map(str, flags)) for name, flags in data.pop("features", {}).items()}
    sections: _Sections = fill(_Sections, data, file)
    return Table(features, sections.accelerator)
