import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_type_hints

import pytest
from hypothesis import given

from assistant.settings import Settings, load_settings, load_usable_settings
from common.errors import InvalidInput, NotFound
from common.settings_file import bounds_of, fill
from tests.bad_files import NO_FILES, contents, in_its_place


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


def _numbers(settings: object) -> Iterator[tuple[str, dataclasses.Field[Any]]]:
    """Every field with a number, or a list of them, in a settings class and its sections."""
    hints = get_type_hints(type(settings))
    for found in dataclasses.fields(settings):  # type: ignore[arg-type]
        value = getattr(settings, found.name)
        if dataclasses.is_dataclass(value):
            yield from _numbers(value)
        elif any(word in str(hints[found.name]) for word in ("int", "float")):
            yield f"{type(settings).__name__}.{found.name}", found


def test_every_number_has_bounds() -> None:
    assert len(list(_numbers(Settings()))) > 50
    assert [name for name, found in _numbers(Settings()) if bounds_of(found) is None] == []


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("language = 'tlh'", ["language"]),
        ("engine = 'steam'", ["engine"]),
        ("[voice]\nname = 'hal'\nspeed = 1.2", ["voice.name"]),
        ("[store]\nturns = 0\nkeep_audio = true", ["store.turns"]),
        ("[wake]\noff = ['alexa', 'banana']\nokay_nabu = 7", ["wake.okay_nabu", "wake.off"]),
        ("[endpointing]\nunparsed_ms = 1\nmax_turn_s = 9.0", ["endpointing.unparsed_ms"]),
        ("[turn_end]\ncomplete_ms = 64\n[endpointing]\n", ["turn_end"]),
        ("colour = 1\nmicrophone = 5", ["colour", "microphone"]),
        (f"sentences = ['{'x' * 300}']", ["sentences"]),
        ("language = ", [""]),
    ],
)
def test_the_box_starts_without_what_is_wrong(tmp_path: Path, text: str, keys: list[str]) -> None:
    path = tmp_path / "assistant.toml"
    path.write_text(text)
    settings, faults = load_usable_settings(path)
    assert [fault.key for fault in faults] == keys
    assert all(fault.hint and fault.effect for fault in faults)
    assert {fault.file for fault in faults} == {"assistant.toml"}
    if keys != ["sentences"]:  # that is found when they are read
        with pytest.raises(InvalidInput):
            load_settings(path)
    assert settings.language == "en"
    assert settings.voice.speed == (1.2 if "1.2" in text else 1.0)
    assert settings.store.keep_audio == ("keep_audio = true" in text)
    assert ("alexa" in settings.wake.thresholds()) == ("alexa" not in text)


_SOUND = """
language = "en"
[wake]
alexa = 0.9
off = ["hey_jarvis"]
[microphone]
latency = 0.1
[store]
turns = 5
"""
_INNER = ("off", "alexa", "name", "speed", "device", "latency", "backoff_s", "threads", "width", "x")
_SECTIONS = ("wake", "voice", "microphone", "recogniser.beam")
_KEYS = [found.name for found in dataclasses.fields(Settings)]
_KEYS += [f"{section}.{key}" for section in _SECTIONS for key in _INNER]


@given(contents(_SOUND, _KEYS))
def test_any_file_gives_settings_and_has_faults_if_it_is_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "assistant.toml"
    path.write_bytes(data)
    settings, faults = load_usable_settings(path)
    try:
        assert load_settings(path) == settings
        assert not faults
    except InvalidInput:
        assert faults
    assert settings.language == "en"


@pytest.mark.parametrize("what", NO_FILES)
def test_what_is_no_file_leaves_the_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setenv("SOTTO_CONFIG", str(tmp_path))
    in_its_place(tmp_path / "assistant.toml", what)
    settings, faults = load_usable_settings()
    assert settings == Settings()
    assert [fault.code for fault in faults] == ["settings.unreadable"]


@pytest.mark.parametrize("what", NO_FILES)
def test_a_connector_file_of_any_kind_means_a_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setenv("SOTTO_CONFIG", str(tmp_path))
    in_its_place(tmp_path / "connector.toml", what)
    assert load_usable_settings() == (Settings(hub=True), ())
