"""Tables and progress lines, without any device."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st

from tests.buildimage.flash.disk import (
    MIB,
    Terminal,
    flash,
)


@given(st.binary(max_size=4096))
def test_any_bytes_are_a_table_or_none(content: bytes) -> None:
    assert flash.read_table(content) is None
    assert flash.read_table(bytes(512) + b"EFI PART" + content) is None


@given(st.integers(0, 1 << 40), st.integers(1, 1 << 40), st.floats(0, 1e6))
def test_a_progress_line_is_one_line(done: int, total: int, elapsed_s: float) -> None:
    line = flash.progress_line("writing", min(done, total), total, elapsed_s)
    assert "\n" not in line
    assert f"{100 * min(done, total) // total} %" in line


def _shown(out: io.StringIO) -> str:
    clock = iter(range(0, 10_000, 1))
    report = flash.Report(out, lambda: float(next(clock)))
    for done in range(101):
        report.progress("writing", done * MIB, 100 * MIB)
    return out.getvalue()


def test_progress_without_a_terminal_is_a_few_plain_lines() -> None:
    text = _shown(io.StringIO())
    assert text.count("\n") == 10
    assert "\r" not in text
    assert text.splitlines()[-1].startswith("writing: 105 of 105 MB, 100 %, 1.0 MB/s, 0:00")


def test_progress_on_a_terminal_is_one_line_that_changes() -> None:
    text = _shown(Terminal())
    assert text.count("\n") == 1
    assert text.count("\r") == 100
