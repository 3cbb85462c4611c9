"""Devices: what computes, how much at once, and up to which load."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from assistant.serving.engine import DEFAULT_ENGINE

#: The device that every machine has.
PROCESSOR = "cpu"


class DeviceKind(StrEnum):
    """Kinds of devices; the value is the name in files and metrics."""

    CPU = "cpu"
    GPU = "gpu"
    NPU = "npu"
    REMOTE = "remote"


#: Busy share from which a device is given no more work than the room's. On the processor the rest is for what
#: no job is: audio, wake words, the network. GPU and NPU need it only for what is drawn and for the driver.
#: A remote device has a scheduler of its own, which refuses what is too much; what this machine sends says
#: nothing of the load there, so only its slots bound it.
CEILINGS = {
    DeviceKind.CPU: 0.8,
    DeviceKind.GPU: 0.9,
    DeviceKind.NPU: 0.95,
    DeviceKind.REMOTE: 1.0,
}


@dataclass(frozen=True)
class Device:
    """One device.

    Attributes:
        id: unique on this machine, and the same after a restart: "cpu", "gpu-0000:01:00.0", "remote-attic".
        kind: see `DeviceKind`.
        slots: jobs that it runs at once; of the processor, the cores that jobs may use.
        on_package: whether its energy is that of the processor's package, so that the package's counter
            counts it.

    Raises:
        ValueError: no id, or less than one slot.
    """

    id: str
    kind: DeviceKind
    slots: int = 1
    on_package: bool = False

    def __post_init__(self) -> None:
        if not self.id or self.slots < 1:
            raise ValueError(f"the device {self.id!r} has {self.slots} slots")

    @property
    def ceiling(self) -> float:
        """Busy share, 0 to 1, from which it gets no more work than the room's."""
        return CEILINGS[self.kind]


@dataclass(frozen=True, order=True)
class Placement:
    """Where a model runs: id of the device, name of the engine."""

    device: str
    engine: str

    def __str__(self) -> str:
        return f"{self.engine} on {self.device}"


#: Where a model runs of which nothing was measured.
DEFAULT_PLACEMENT = Placement(PROCESSOR, DEFAULT_ENGINE)
