"""An accelerator is an entry of the table, a computer that was tested one file; no code."""

from __future__ import annotations

from pathlib import Path

from tests.extending.catalogued import copy_with_models
from tests.extending.copied import differences

_TABLE, _PAGE, _REPORT = "assistant/hardware/accelerators.toml", "docs/hardware.md", "hardware/toy-box.toml"
_ENTRY = """
[[accelerator]]
id = "toy-npu"
name = "Toy NPU"
seen = [{ subsystem = "pci", vendor = "abcd", product = ["0001"] }]
drivers = ["toy"]
nodes = [{ subsystem = "accel" }]
runtimes = [{ name = "Toy runtime", module = "toy" }]
"""
_MATCH = """
from assistant.hardware.devices import Device
from assistant.hardware.match import match
from assistant.hardware.table import load_table
card = Device("pci", "/sys/devices/1", "1", "toy", attributes={"vendor": "0xabcd", "device": "0x0001"})
node = Device("accel", "/sys/devices/1/accel/accel0", "accel0", node="/dev/accel/accel0")
print(*((each.entry.name, each.nodes) for each in match(load_table(), [card, node], 9)))
"""


def test_an_entry_is_recognised_reported_and_documented(tmp_path: Path) -> None:
    copy = copy_with_models(tmp_path)
    path = copy.root / _TABLE
    path.write_text(path.read_text() + _ENTRY)
    assert copy.run(_MATCH) == "('Toy NPU', ('/dev/accel/accel0',))\n"
    (report, *_) = sorted((copy.root / "hardware").glob("*.toml"))
    block = '\n[[accelerator]]\nid = "toy-npu"\nrung = "openable"\nstop = "no-runtime"\ndriver = "toy"\n'
    (copy.root / _REPORT).write_text(report.read_text() + block)
    copy.make_docs()
    page = (copy.root / _PAGE).read_text()
    assert "| `toy-npu` | Toy NPU | pci abcd:0001 | `toy` | accel `*` | Toy runtime |" in page
    assert "Toy NPU: openable (no-runtime) |" in page
    assert differences(copy.root) == {_TABLE, _PAGE, _REPORT}
