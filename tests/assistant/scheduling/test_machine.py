from __future__ import annotations

from pathlib import Path

from assistant.scheduling.machine import machine_key

_CPU = "processor\t: {n}\nmodel name\t: {model}\nflags\t\t: {flags}\n\n"


def _machine(
    root: Path, *, model: str = "N100", flags: str = "avx2 sse", cores: int = 2, board: str = "B1"
) -> str:
    for name, text in {
        "proc/cpuinfo": "".join(_CPU.format(n=n, model=model, flags=flags) for n in range(cores)),
        "sys/class/dmi/id/board_name": board,
        "etc/machine-id": "0123456789abcdef\n",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return machine_key(root)


def test_the_key_is_the_same_again_and_hides_the_machine(tmp_path: Path) -> None:
    key = _machine(tmp_path)
    assert key == _machine(tmp_path)
    assert len(key) == 32
    assert int(key, 16)


def test_a_core_that_is_switched_off_makes_no_other_machine(tmp_path: Path) -> None:
    assert _machine(tmp_path, cores=4) == _machine(tmp_path, cores=3)


def test_another_processor_or_board_is_another_machine_with_the_same_disk(tmp_path: Path) -> None:
    keys = {
        _machine(tmp_path),
        _machine(tmp_path, model="N97"),
        _machine(tmp_path, flags="avx2 avx512_vnni sse"),
        _machine(tmp_path, board="B2"),
    }
    assert len(keys) == 4


def test_a_machine_that_tells_nothing_has_a_key(tmp_path: Path) -> None:
    assert len(machine_key(tmp_path)) == 32


def test_this_machine_has_a_key() -> None:
    assert machine_key() == machine_key()
