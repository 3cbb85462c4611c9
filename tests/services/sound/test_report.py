from __future__ import annotations

from pathlib import Path

import pytest

from services.sound.choose import Choice, Device, Observations, Way
from services.sound.report import as_table, write
from services.wire.sound_choice import may_echo


def device(cable: bool) -> Device:
    return Device("a", "a card", "card", Way.PLAIN, cable=cable)


@pytest.mark.parametrize(
    ("microphone", "speaker", "echo"),
    [
        (device(cable=True), device(cable=True), False),
        (device(cable=False), device(cable=True), True),
        (device(cable=True), None, True),
        (None, None, True),
    ],
)
def test_others_learn_from_the_report_whether_there_may_be_an_echo(
    tmp_path: Path, microphone: Device | None, speaker: Device | None, echo: bool
) -> None:
    choice = Choice(microphone, speaker, "what there is", True)
    write(tmp_path / "choice.json", as_table(choice, Observations((), ()), (), at=0.0))
    assert may_echo(tmp_path / "choice.json") is echo


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"echo": 1}', b"{}", b"\xff", b"[" * 100_000])
def test_a_report_that_cannot_be_read_says_yes(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "choice.json").write_bytes(content)
    assert may_echo(tmp_path / "choice.json") is True


def test_no_report_says_yes(tmp_path: Path) -> None:
    assert may_echo(tmp_path / "choice.json") is True
