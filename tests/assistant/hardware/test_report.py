"""Reports: what is written can be read, what is malformed or personal is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.hardware.cpu import Cores
from assistant.hardware.ladder import STOPS, Rung, Standing, Stop
from assistant.hardware.report import (
    Report,
    ReportedAccelerator,
    ReportedCores,
    as_toml,
    check,
    machine_model,
    make_report,
    read_report,
)
from assistant.hardware.scan import Accelerator, Scan
from assistant.hardware.table import Entry, load_table
from common.errors import InvalidInput
from tests.conftest import REPOSITORY

TABLE = load_table()
GOOD = Report(
    format=1,
    machine="Orange Pi 5",
    architecture="aarch64",
    kernel="6.1",
    cores=(ReportedCores(4, "0x41 0xd05", ("dotprod",)), ReportedCores(4, "0x41 0xd0b", ("dotprod", "fp16"))),
    accelerator=(ReportedAccelerator("rockchip-npu-vendor", "openable", "no-runtime", "RKNPU"),),
)


def read(text: str, folder: Path) -> Report:
    file = folder / "report.toml"
    file.write_text(text)
    return read_report(file)


def test_the_reports_of_the_repository_are_well_formed() -> None:
    files = sorted((REPOSITORY / "hardware").iterdir())
    assert files
    for file in files:
        assert file.suffix == ".toml"
        read_report(file)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    assert read(as_toml(GOOD), tmp_path) == GOOD


NPU, CORES = GOOD.accelerator[0], GOOD.cores[0]


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        (replace(GOOD, format=2), "format"),
        (replace(GOOD, machine=""), "machine"),
        (replace(GOOD, machine="x" * 81), "machine"),
        (replace(GOOD, machine="two\nlines"), "machine"),
        (replace(GOOD, machine="Anna's box aa:bb:cc:dd:ee:ff"), "machine"),
        (replace(GOOD, machine="box 192.168.1.20"), "machine"),
        (replace(GOOD, machine="Pi 100000000a0b0c0d"), "machine"),
        (replace(GOOD, machine="box 1b4e28ba-2fa1-11d2-883f-0016d3cca427"), "machine"),
        (replace(GOOD, machine="anna@example"), "machine"),
        (replace(GOOD, architecture="an arm"), "architecture"),
        (replace(GOOD, kernel="6.1.43-annas-build"), "kernel"),
        (replace(GOOD, cores=()), "cores"),
        (replace(GOOD, cores=(replace(CORES, count=0),)), "cores.count"),
        (replace(GOOD, cores=(replace(CORES, model="\x07"),)), "cores.model"),
        (replace(GOOD, cores=(replace(CORES, features=("fast",)),)), "cores.features"),
        (replace(GOOD, accelerator=(replace(NPU, id="tpu"),)), "accelerator.id"),
        (replace(GOOD, accelerator=(replace(NPU, rung="roof"),)), "accelerator.rung"),
        (replace(GOOD, accelerator=(replace(NPU, stop="nothing"),)), "accelerator.stop"),
        (replace(GOOD, accelerator=(replace(NPU, driver="a b"),)), "accelerator.driver"),
    ],
)
def test_a_malformed_report_is_refused_with_file_and_key(wrong: Report, key: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=rf"report\.toml: {key} ") as caught:
        read(as_toml(wrong), tmp_path)
    assert caught.value.code == "hardware.report"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "format = ",
        "\x00",
        as_toml(GOOD).replace("kernel", "hostname"),
        as_toml(GOOD).replace('"6.1"', "6.1"),
        as_toml(GOOD).replace("[[cores]]", "[cores]", 1),
        as_toml(GOOD) + "serial = 1\n",
        "[" * 100_000,
    ],
)
def test_a_file_of_another_form_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"report\.toml"):
        read(text, tmp_path)


def test_a_scan_becomes_a_report_without_its_places_and_reasons(tmp_path: Path) -> None:
    entry = TABLE.entry("hailo-8")
    assert entry is not None
    standing = Standing(Rung.NODE, Stop.DENIED, "/dev/hailo0: anna is not in the group")
    found = Scan(
        (Cores((0, 1), "A CPU", ("avx2",)),),
        (Accelerator(entry, "0000:01:00.0", "hailo", (), (), standing),),
        ("p",),
    )
    report = make_report(found, "A Box", tmp_path)
    assert report.accelerator == (ReportedAccelerator("hailo-8", "node", "denied", "hailo"),)
    text = as_toml(report)
    assert "anna" not in text and "0000:01" not in text
    assert read(text, tmp_path) == report


def test_the_firmware_names_the_model(tmp_path: Path) -> None:
    assert machine_model(tmp_path) == "unknown"
    folder = tmp_path / "sys/class/dmi/id"
    folder.mkdir(parents=True)
    (folder / "sys_vendor").write_text("Maker\n")
    (folder / "product_name").write_text("Maker Box 3\n")
    assert machine_model(tmp_path) == "Maker Box 3"
    tree = tmp_path / "sys/firmware/devicetree/base"
    tree.mkdir(parents=True)
    (tree / "model").write_bytes(b"Radxa ROCK 5B\x00")
    assert machine_model(tmp_path).startswith("Radxa ROCK 5B")


@given(
    st.sampled_from(TABLE.accelerator),
    st.sampled_from([(rung, stop) for rung, stops in STOPS.items() for stop in stops]),
)
def test_every_standing_can_be_reported(entry: Entry, standing: tuple[Rung, Stop]) -> None:
    each = ReportedAccelerator(entry.id, standing[0].label, standing[1].value)
    check(replace(GOOD, accelerator=(each,)), "report", TABLE)
