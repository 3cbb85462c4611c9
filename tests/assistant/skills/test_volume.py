from __future__ import annotations

from pathlib import Path

import pytest

from assistant.skills.volume_control import SavedVolume
from common.errors import StorageError
from tests.assistant.skills.conftest import Box


def test_the_volume_survives_a_restart(tmp_path: Path) -> None:
    SavedVolume(tmp_path / "volume.json").set(35)
    assert SavedVolume(tmp_path / "volume.json").get() == 35


def test_the_speaker_is_told_now_and_at_each_change(tmp_path: Path) -> None:
    told: list[float] = []
    SavedVolume(tmp_path / "volume.json", told.append).set(140)
    assert told == [0.7, 1.0]


@pytest.mark.parametrize("content", ["{", "7", '{"percent": true}', '{"percent": 900}'])
def test_a_damaged_file_gives_the_default(tmp_path: Path, content: str) -> None:
    (tmp_path / "volume.json").write_text(content)
    assert SavedVolume(tmp_path / "volume.json").get() == 70


def test_a_full_disk_does_not_cost_the_change(tmp_path: Path) -> None:
    (tmp_path / "blocked").write_text("")
    volume = SavedVolume(tmp_path / "blocked" / "volume.json")
    with pytest.raises(StorageError):
        volume.set(20)
    assert volume.get() == 20


def test_unmute_gives_back_what_was(box: Box) -> None:
    box.ask("set the volume to 40 percent")
    box.ask("mute")
    assert box.volume.get() == 0
    box.ask("unmute")
    assert box.volume.get() == 40


def test_a_step_can_be_named(box: Box) -> None:
    assert box.ask("turn the volume down by 25 percent").text == "Volume 45 percent."


def test_there_is_an_end_to_louder(box: Box) -> None:
    box.ask("set the volume to maximum")
    assert box.ask("louder").text == "That is as loud as I get."
