"""What ends a reply while the box is speaking, in each language."""

from __future__ import annotations

import pytest

from assistant.skills.common_lines import STOP
from assistant.speech.stop_words import StopWords
from tests.assistant.skills.english import REPLIES


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("Stop.", True),
        ("Stop, stop!", True),
        ("That's enough.", True),
        ("Enough, enough.", False),
        ("stop the timer", False),
        ("", False),
    ],
)
def test_a_phrase_is_said_alone(text: str, ends: bool) -> None:
    assert StopWords(REPLIES.words(STOP)).parses(text) is ends


def test_letters_of_other_languages_are_letters() -> None:
    assert StopWords(["hör auf"]).parses("Hör auf!")
