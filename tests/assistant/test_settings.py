from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from assistant.settings import Settings, load_settings
from common.errors import InvalidInput, NotFound
from common.settings_file import fill


def _load(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "assistant.toml"
    path.write_text(text)
    return load_settings(path)


def test_no_file_means_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOTTO_CONFIG", str(tmp_path))
    assert load_settings() == Settings()


def test_values_of_every_kind_are_read(tmp_path: Path) -> None:
    settings = _load(
        tmp_path,
        'language = "en"\nsentences = ["mine"]\n[wake]\nalexa = 1\noff = ["okay_nabu"]\n'
        '[microphone]\ndevice = "USB"\n[store]\nkeep_audio = true\nturns = 5\n',
    )
    assert settings.sentences == (tmp_path / "mine",)
    assert settings.wake.thresholds()["alexa"] == 1.0
    assert "okay_nabu" not in settings.wake.thresholds()
    assert settings.microphone.device == "USB"
    assert settings.store.keep_audio is True
    assert settings.store.turns == 5


def test_home_and_sentences_beside_the_file_are_found(tmp_path: Path) -> None:
    (tmp_path / "home.toml").write_text("")
    (tmp_path / "sentences").mkdir()
    settings = _load(tmp_path, "")
    assert settings.home == tmp_path / "home.toml"
    assert settings.sentences == (tmp_path / "sentences",)


@pytest.mark.parametrize(
    ("text", "code", "named"),
    [
        ("colour = 1", "settings.unknown", "colour"),
        ("[wake]\nbanana = 0.5", "settings.unknown", "wake.banana"),
        ("[store]\nturns = true", "settings.kind", "store.turns"),
        ('[store]\nturns = "many"', "settings.kind", "store.turns"),
        ("language = en\n", "settings.syntax", "line 1"),
        ("[wake]\nokay_nabu = true", "settings.kind", "wake.okay_nabu"),
        ('[wake]\noff = ["banana"]', "settings.wake", "banana"),
        ('[audio]\necho_cancellation = "half"', "audio.settings", "half"),
        ("[turn_end]\ncomplete_ms = 64\n[endpointing]\n", "settings.twice", "former name"),
        ('[handover]\ntakes = "half"', "handover.settings", "half"),
        ("[handover]\nanswer_s = 0", "handover.settings", "answer_s"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, code: str, named: str) -> None:
    with pytest.raises(InvalidInput, match=named) as caught:
        _load(tmp_path, text)
    assert caught.value.code == code
    assert caught.value.hint


@pytest.mark.parametrize(
    ("former", "name", "line"),
    [
        ("turn_end", "endpointing", "max_turn_s = 9.0"),
        ("ready_voice", "speech_cache", "frequent = 9"),
        ("handover", "hub_pipeline", "answer_s = 9.0"),
    ],
)
def test_a_section_with_its_former_name_is_read_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, former: str, name: str, line: str
) -> None:
    settings = _load(tmp_path, f"[{former}]\n{line}\n")
    assert settings != Settings()
    assert f"[{former}] is now called [{name}]" in caplog.text
    caplog.clear()
    assert _load(tmp_path, f"[{name}]\n{line}\n") == settings
    assert not caplog.records


@dataclass(frozen=True)
class _Colours:
    colour: Literal["red", "blue"] = "red"


def test_a_choice_comes_from_the_type(tmp_path: Path) -> None:
    assert fill(_Colours, {"colour": "blue"}, tmp_path) == _Colours("blue")
    with pytest.raises(InvalidInput, match='is not one of "red", "blue"') as caught:
        fill(_Colours, {"colour": "green"}, tmp_path, ("paint",))
    assert caught.value.code == "settings.kind"
    assert "paint.colour = 'green'" in caught.value.message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"nowhere\.toml"):
        load_settings(tmp_path / "nowhere.toml")
