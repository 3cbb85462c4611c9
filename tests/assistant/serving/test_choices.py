"""What was chosen, and what has proven itself: settings, choices at run time, and the file of both."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant.serving.choices import Choices, EngineSettings
from assistant.settings import Settings, load_settings
from common.errors import InvalidInput, StorageError

NAME = "silero-vad"
OTHER = "piper-joe-en-us-flow"


def test_a_choice_at_run_time_goes_before_the_settings_and_these_before_the_engine_of_all(
    tmp_path: Path,
) -> None:
    choices = Choices("onnxruntime", {OTHER: "openvino"}, tmp_path)
    assert (choices.of(NAME), choices.of(OTHER)) == ("onnxruntime", "openvino")
    choices.choose(OTHER, "auto")
    choices.choose(NAME, "openvino")
    assert (choices.of(NAME), choices.of(OTHER)) == ("openvino", "auto")


def test_choices_and_proofs_survive_a_restart(tmp_path: Path) -> None:
    choices = Choices("auto", {}, tmp_path)
    choices.choose(NAME, "openvino")
    for proof in ("openvino a", "openvino b", "openvino-gpu a"):
        choices.keep_proof(proof)
    choices.drop_proofs("openvino a")
    again = Choices("auto", {}, tmp_path)
    assert again.of(NAME) == "openvino"
    assert [again.is_proven(p) for p in ("openvino a", "openvino b", "openvino-gpu a")] == [False, True, True]


def test_all_proofs_of_an_engine_are_dropped_together(tmp_path: Path) -> None:
    choices = Choices("auto", {}, tmp_path)
    for proof in ("openvino a", "openvino b", "openvino-gpu a"):
        choices.keep_proof(proof)
    choices.drop_proofs("openvino")
    assert [choices.is_proven(p) for p in ("openvino a", "openvino b", "openvino-gpu a")] == [
        False,
        False,
        True,
    ]


def test_a_choice_that_says_what_the_settings_say_is_not_kept(tmp_path: Path) -> None:
    choices = Choices("auto", {NAME: "openvino"}, tmp_path)
    choices.choose(NAME, "onnxruntime")
    choices.choose(NAME, "openvino")
    assert Choices("auto", {}, tmp_path).of(NAME) == "auto"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"chosen": 3, "proofs": []}',
        b'{"chosen": {"silero-vad": "openvino"}}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_a_damaged_file_is_set_aside(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "engines.json").write_bytes(content)
    choices = Choices("auto", {}, tmp_path)
    assert choices.of(NAME) == "auto"
    assert (tmp_path / "engines.json.damaged").exists()


def test_engines_and_models_of_another_version_of_sotto_are_left_out(tmp_path: Path) -> None:
    chosen = {"silero-vad": "abacus", "of-tomorrow": "openvino", OTHER: "openvino"}
    (tmp_path / "engines.json").write_text(json.dumps({"chosen": chosen, "proofs": []}))
    choices = Choices("auto", {}, tmp_path)
    assert (choices.of(NAME), choices.of(OTHER)) == ("auto", "openvino")


def test_a_state_that_cannot_be_written_is_an_error_of_the_choice_but_not_of_a_proof(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    choices = Choices("auto", {}, tmp_path / "file")
    choices.keep_proof("a")
    assert choices.is_proven("a")
    with pytest.raises(StorageError):
        choices.choose(NAME, "openvino")
    assert choices.of(NAME) == "openvino"


def test_the_settings_name_an_engine_for_all_and_for_a_model(tmp_path: Path) -> None:
    file = tmp_path / "assistant.toml"
    file.write_text('engine = "openvino"\n[engines]\nsilero-vad = "onnxruntime"\nsmart-turn = ""\n')
    settings = load_settings(file)
    choices = Choices(settings.engine, settings.engines.of, None)
    assert (choices.of(NAME), choices.of("smart-turn"), choices.of(OTHER)) == (
        "onnxruntime",
        "openvino",
        "openvino",
    )


@pytest.mark.parametrize("text", ['engine = "abacus"', '[engines]\nsilero-vad = "abacus"'])
def test_settings_with_an_engine_that_there_is_not_are_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "assistant.toml"
    file.write_text(text)
    with pytest.raises(InvalidInput, match="no engine 'abacus'") as caught:
        load_settings(file)
    assert caught.value.code == "engine.unknown"


def test_by_default_the_engine_is_chosen() -> None:
    assert Settings().engine == "auto"
    assert EngineSettings().of == {}
