"""What the accelerators of a machine mean for its figures. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from assistant.hardware.match import Found

_LONGEST = 150
_INTEL = "0x8086"
#: PCI bus of what lies in the processor's package, on machines of Intel: graphics is 00:02.0, the NPU 00:0b.0
#: (drivers/accel/ivpu and drivers/gpu/drm/i915 of the kernel).
_IN_PACKAGE = "0000:00:"


def identity(kind: str, found: Iterable[Found]) -> str:
    """What tells the accelerators of a kind from others that could be plugged in, as "nvidia-gpu:10de:2335".

    Args:
        kind: "cpu", "gpu" or "npu".
        found: accelerators of the machine.

    Returns:
        Their names and ids; "" for the processor, which cannot be exchanged without another machine key.
    """
    names = sorted(name for each in found if each.entry.kind == kind for name in _names(each))
    return "" if kind == "cpu" else ", ".join(names)[:_LONGEST]


def is_on_package(kind: str, found: Iterable[Found]) -> bool:
    """Whether the energy counter of the processor's package counts all accelerators of a kind."""
    those = [each for each in found if each.entry.kind == kind]
    return bool(those) and all(
        each.place.startswith(_IN_PACKAGE) and each.devices[0].attributes.get("vendor") == _INTEL
        for each in those
    )


def _names(found: Found) -> Iterator[str]:
    for device in found.devices[:1]:
        ids = [device.attributes[name] for name in ("vendor", "device") if name in device.attributes]
        yield ":".join([found.entry.id, *(each.removeprefix("0x") for each in ids)])
