from __future__ import annotations

from pathlib import Path

import pytest

from assistant.scheduling.energy import EnergyMeter

_RANGE = 262_143_328_850


def _zone(sysfs: Path, zone: str, name: str, energy: str, range_uj: str = str(_RANGE)) -> Path:
    folder = sysfs / "class" / "powercap" / zone
    folder.mkdir(parents=True)
    for file, text in (("name", name), ("energy_uj", energy), ("max_energy_range_uj", range_uj)):
        (folder / file).write_text(text + "\n")
    return folder


def test_the_packages_are_added_and_their_parts_are_not(tmp_path: Path) -> None:
    first = _zone(tmp_path, "intel-rapl:0", "package-0", "1000")
    second = _zone(tmp_path, "intel-rapl:1", "package-1", "5000")
    core = _zone(tmp_path, "intel-rapl:0:0", "core", "70")
    board = _zone(tmp_path, "intel-rapl:2", "psys", "9000")
    same = _zone(tmp_path, "intel-rapl-mmio:0", "package-0", "1000")
    meter = EnergyMeter(tmp_path)
    before = meter.read()
    assert before == (1000, 5000)
    for folder in (first, second, core, board, same):
        (folder / "energy_uj").write_text("9000\n")
    assert meter.spent_mj(before, meter.read()) == pytest.approx(12.0)


def test_a_counter_that_begins_again_is_taken_into_account(tmp_path: Path) -> None:
    folder = _zone(tmp_path, "intel-rapl:0", "package-0", str(_RANGE - 500))
    meter = EnergyMeter(tmp_path)
    before = meter.read()
    (folder / "energy_uj").write_text("1500\n")
    assert meter.spent_mj(before, meter.read()) == pytest.approx(2.0)


def test_a_machine_without_counters_has_no_energy(tmp_path: Path) -> None:
    meter = EnergyMeter(tmp_path)
    assert meter.read() is None
    assert meter.spent_mj(None, None) is None


@pytest.mark.parametrize("text", ["", "-5", "many", "1" * 30])
def test_what_is_no_number_is_no_energy(tmp_path: Path, text: str) -> None:
    folder = _zone(tmp_path, "intel-rapl:0", "package-0", "1000")
    meter = EnergyMeter(tmp_path)
    before = meter.read()
    (folder / "energy_uj").write_text(text)
    assert meter.spent_mj(before, meter.read()) is None


def test_a_counter_that_vanishes_is_no_energy(tmp_path: Path) -> None:
    folder = _zone(tmp_path, "intel-rapl:0", "package-0", "1000")
    meter = EnergyMeter(tmp_path)
    before = meter.read()
    (folder / "energy_uj").unlink()
    assert meter.spent_mj(before, meter.read()) is None


def test_a_zone_without_a_range_does_not_count(tmp_path: Path) -> None:
    _zone(tmp_path, "intel-rapl:0", "package-0", "1000", range_uj="0")
    assert EnergyMeter(tmp_path).read() is None
