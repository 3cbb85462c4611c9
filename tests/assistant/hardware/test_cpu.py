"""CPU features of each core, from what kernels print."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.hardware.cpu import parse_cpuinfo, read_cores
from assistant.hardware.table import load_table

FEATURES = load_table().features

A55, A76 = (
    ("0x41", "0xd05", "fp asimd asimdhp asimddp"),
    ("0x41", "0xd0b", "fp asimd asimdhp asimddp i8mm bf16 sve"),
)


def arm(number: int, implementer: str, part: str, flags: str) -> str:
    return (
        f"processor\t: {number}\nBogoMIPS\t: 48.00\nFeatures\t: {flags}\nCPU implementer\t: {implementer}\n"
        f"CPU architecture: 8\nCPU variant\t: 0x2\nCPU part\t: {part}\nCPU revision\t: 0\n\n"
    )


def test_a_mixed_machine_has_two_kinds_of_cores() -> None:
    text = "".join(arm(n, *(A55 if n < 4 else A76)) for n in range(8)) + "Serial\t\t: 100000000a0b0c0d\n"
    weak, strong = parse_cpuinfo(text, FEATURES)
    assert (weak.numbers, weak.model, weak.features) == ((0, 1, 2, 3), "0x41 0xd05", ("fp16", "dotprod"))
    assert (strong.numbers, strong.model) == ((4, 5, 6, 7), "0x41 0xd0b")
    assert strong.features == ("bf16", "fp16", "dotprod", "i8mm", "sve")


@pytest.mark.parametrize(
    ("flags", "features"),
    [
        ("sse2 avx2 avx512f avx512_vnni", ("avx2", "avx512-vnni")),
        ("avx2 avx_vnni", ("avx2", "avx-vnni")),
        ("amx_tile amx_int8 amx_bf16 avx512_bf16 avx512_fp16", ("amx", "bf16", "fp16")),
        # A part of a flag's name is not the flag.
        ("avx2x xavx2", ()),
    ],
)
def test_features_of_x86(flags: str, features: tuple[str, ...]) -> None:
    text = f"processor\t: 0\nmodel name\t: A  CPU @ 2 GHz\nflags\t\t: {flags}\n\n"
    (cores,) = parse_cpuinfo(text, FEATURES)
    assert (cores.model, cores.features) == ("A CPU @ 2 GHz", features)


def test_this_machine_has_cores() -> None:
    found = read_cores(FEATURES)
    assert 0 in {number for cores in found for number in cores.numbers}


def test_the_root_is_where_it_looks(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cpuinfo").write_text(arm(3, *A76))
    (cores,) = read_cores(FEATURES, tmp_path)
    assert cores.numbers == (3,)


@given(st.text(alphabet="processor:\t\n 0123flags²-", max_size=200))
def test_any_text_is_read(text: str) -> None:
    for cores in parse_cpuinfo(text, FEATURES):
        assert all(number >= 0 for number in cores.numbers)
