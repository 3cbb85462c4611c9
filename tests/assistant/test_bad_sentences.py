"""An assistant whose sentence files cannot be used, or whose caller has left."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.assistant import Assistant
from assistant.settings import Settings
from common.errors import Unavailable


def test_it_starts_and_reports_what_it_leaves_out(
    make_assistant: Callable[..., Assistant], tmp_path: Path
) -> None:
    (tmp_path / "bad.yaml").write_text(
        "intents: {HassNevermind: {data: [{sentences: [2001-99-99]}]}}\nx: y\n"
    )
    (tmp_path / "good.yaml").write_text("intents: {HassNevermind: {data: [{sentences: [forget it]}]}}\n")
    assistant = make_assistant(dataclasses.replace(Settings(), sentences=(tmp_path,)))
    try:
        (fault,) = assistant.faults.all()
        assert fault.message.startswith(f"{tmp_path / 'bad.yaml'}:2: ")
        assert assistant.ask("forget it").accepted
        (tmp_path / "bad.yaml").unlink()
        assistant.poll()
        assert assistant.ask("forget it").accepted
        assert assistant.faults.all() == ()
    finally:
        assistant.close()


def test_a_sentence_whose_caller_has_left_is_given_up(make_assistant: Callable[..., Assistant]) -> None:
    assistant = make_assistant()
    try:
        with pytest.raises(Unavailable) as caught:
            assistant.ask("turn on the kitchen light", wanted=lambda: False)
        assert caught.value.code == "ask.given-up"
        assert assistant.turns.newest(1) == []
        assert assistant.ask("is the kitchen light on").reply == "No, the kitchen light is off."
    finally:
        assistant.close()
