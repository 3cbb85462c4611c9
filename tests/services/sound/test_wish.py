"""The owner's settings about sound."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from services.sound.choose import Wish
from services.sound.wish import read_wish


def test_without_files_the_box_chooses(tmp_path: Path) -> None:
    assert read_wish(tmp_path / "none") == (Wish(), ())


def test_names_in_the_assistants_settings_count(tmp_path: Path) -> None:
    (tmp_path / "assistant.toml").write_text('[microphone]\ndevice = "USB"\n[speaker]\ndevice = "Boom"\n')
    assert read_wish(tmp_path) == (Wish("USB", "Boom"), ())


def test_sound_toml_wins(tmp_path: Path) -> None:
    (tmp_path / "assistant.toml").write_text('[microphone]\ndevice = "USB"\n[speaker]\ndevice = "Boom"\n')
    (tmp_path / "sound.toml").write_text('microphone = "Array"\n')
    assert read_wish(tmp_path) == (Wish("Array", "Boom"), ())


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("microphone = 3", "microphone is a part"),
        ('speaker = "' + "x" * 300 + '"', "speaker is a part"),
        ("loudness = 3", "unknown setting 'loudness'"),
        ("microphone =", "not valid TOML"),
        ("\xff", "not valid TOML"),
        ("#" * 300_000, "more than 256 kB"),
    ],
)
def test_nonsense_is_told_and_not_followed(tmp_path: Path, text: str, word: str) -> None:
    (tmp_path / "sound.toml").write_text(text, "latin-1")
    wish, problems = read_wish(tmp_path)
    assert wish == Wish()
    assert len(problems) == 1
    assert word in problems[0]


def test_a_pipe_in_place_of_a_file_does_not_hold_it_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "sound.toml")
    assert "no plain file" in read_wish(tmp_path)[1][0]
