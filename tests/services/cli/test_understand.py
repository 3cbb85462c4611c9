"""`sotto understand`."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from assistant.turn.understood import Understood
from assistant.understanding.parse import By
from services.cli.main import main
from services.cli.understand import for_people, sentences
from tests.services.conftest import Box


def test_each_line_is_one_sentence() -> None:
    file = io.BytesIO(b"stop\r\n\n\xff caf\xc3\xa9\n" + b"a" * 50_000 + b"\nlast")
    found = list(sentences(file))
    assert found[:3] == ["stop", "", "\ufffd caf\xe9"]
    assert (len(found[3]), found[4]) == (16 * 1024, "last")


def test_people_read_what_was_understood_and_by_what() -> None:
    by_grammar = Understood("stop", "SottoStop", {}, By.GRAMMAR, 1.0, "")
    doubtful = Understood("quiet you", "SottoStop", {}, By.SEMANTIC, 0.91, "")
    assert for_people(by_grammar) == '"stop" -> SottoStop -> ""'
    assert for_people(doubtful) == '"quiet you" -> SottoStop (semantic, 0.91) -> ""'
    assert for_people(Understood("x", reply="Sorry.")) == '"x" -> not understood -> "Sorry."'


def test_a_file_that_is_not_there_is_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["understand", str(tmp_path / "none")]) == 2
    assert "understand.file" in capsys.readouterr().err


@pytest.mark.slow
def test_nothing_is_carried_out_beside_a_running_box(box: Box, tmp_path: Path) -> None:
    (tmp_path / "sentences.txt").write_text("set a timer for ten minutes\nset a timer\nlovely weather\n")
    started, asks, nothing = box.lines("understand", "--json", tmp_path / "sentences.txt")
    assert list(started) == ["sentence", "intent", "slots", "by", "probability", "reply", "ask_back"]
    assert (started["intent"], started["slots"]) == ("HassStartTimer", {"minutes": 10})
    assert (started["by"], started["probability"]) == ("grammar", 1.0)
    assert asks["ask_back"] == "For how long?"
    assert (nothing["intent"], nothing["by"], nothing["ask_back"]) == (None, None, None)
    (left,) = box.lines("ask", "--json", "how much time is left")
    assert left["reply"] == "You have no timers."
