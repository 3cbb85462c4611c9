from __future__ import annotations

from pathlib import Path

from assistant.scheduling.quiet import Supply
from services.assistantd.supply import read_supply


def _write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return root


def test_a_machine_that_tells_nothing_is_on_mains_and_cool(tmp_path: Path) -> None:
    assert read_supply(tmp_path) == Supply(on_battery=False, is_hot=False)


def test_its_own_battery_counts_and_that_of_a_mouse_does_not(tmp_path: Path) -> None:
    mouse = {"type": "Battery", "scope": "Device", "capacity": "40", "status": "Discharging"}
    own = {"type": "Battery", "capacity": "40", "status": "Discharging"}
    supply = "sys/class/power_supply"
    _write(tmp_path, {f"{supply}/hidpp/{name}": text for name, text in mouse.items()})
    assert not read_supply(tmp_path).on_battery
    _write(tmp_path, {f"{supply}/BAT0/{name}": text for name, text in own.items()})
    assert read_supply(tmp_path).on_battery


def test_a_hot_machine_is_told(tmp_path: Path) -> None:
    zone = "sys/class/thermal/thermal_zone0"
    _write(tmp_path, {f"{zone}/type": "x86_pkg_temp", f"{zone}/temp": "79000"})
    assert not read_supply(tmp_path).is_hot
    _write(tmp_path, {f"{zone}/temp": "80000"})
    assert read_supply(tmp_path).is_hot
