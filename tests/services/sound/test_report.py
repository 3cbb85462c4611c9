from __future__ import annotations

from pathlib import Path

import pytest

from assistant.audio.choose import Choice, Observations
from services.sound.report import Applied, as_table, echo_is_cancelled, write


@pytest.mark.parametrize(("reason", "cancelled"), [("", True), ("switched off by the owner", False)])
def test_others_learn_from_the_report_whether_the_echo_is_cancelled(
    tmp_path: Path, reason: str, cancelled: bool
) -> None:
    choice = Choice(None, None, "nothing is plugged in", True)
    table = as_table(choice, Observations((), ()), Applied(None, None, reason), (), at=0.0)
    write(tmp_path / "choice.json", table)
    assert echo_is_cancelled(tmp_path / "choice.json") is cancelled


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"echo_cancellation": 1}', b"\xff", b"[" * 100_000])
def test_a_report_that_cannot_be_read_says_no(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "choice.json").write_bytes(content)
    assert echo_is_cancelled(tmp_path / "choice.json") is False


def test_no_report_says_no(tmp_path: Path) -> None:
    assert echo_is_cancelled(tmp_path / "choice.json") is False
