from __future__ import annotations

from assistant.hardware.devices import Device
from assistant.hardware.match import Found
from assistant.hardware.table import load_table
from assistant.scheduling.accelerators import identity, is_on_package


def _found(entry_id: str, place: str, vendor: str = "0x8086", device: str = "0x7d1d") -> Found:
    entry = load_table().entry(entry_id)
    assert entry is not None
    seen = Device("pci", f"/sys/devices/{place}", place, attributes={"vendor": vendor, "device": device})
    return Found(entry, (seen,))


_NPU = _found("intel-npu", "0000:00:0b.0")
_CARD = _found("nvidia-gpu", "0000:01:00.0", "0x10de", "0x2335")


def test_another_card_is_another_runtime() -> None:
    assert identity("gpu", [_NPU, _CARD]) == "nvidia-gpu:10de:2335"
    other = _found("nvidia-gpu", "0000:01:00.0", "0x10de", "0x2684")
    assert identity("gpu", [other]) != identity("gpu", [_CARD])


def test_the_processor_has_no_identity_of_its_own() -> None:
    assert identity("cpu", [_NPU, _CARD]) == ""
    assert identity("gpu", [_NPU]) == ""


def test_the_package_counts_what_lies_in_it() -> None:
    assert is_on_package("npu", [_NPU, _CARD])
    assert not is_on_package("gpu", [_NPU, _CARD])
    assert not is_on_package("npu", [])
    assert not is_on_package("npu", [_NPU, _found("intel-npu", "0000:05:00.0")])
