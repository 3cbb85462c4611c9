from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.audio.files import read_audio
from assistant.audio.format import Samples
from assistant.hearing.vad_gate import VadGate
from assistant.hearing.wake import Detection, WakeWords
from common.errors import InvalidInput, ModelError
from tests.assistant.hearing.sounds import frames, hiss, in_room


def clips(speech_dir: Path, word: str, count: int) -> Iterator[Samples]:
    """At most `count` recordings of a word; damaged files are skipped."""
    found = 0
    for path in sorted((speech_dir / "wake" / word).iterdir()):
        try:
            clip = read_audio(path)
        except InvalidInput:
            continue
        yield clip
        found += 1
        if found == count:
            return


def heard(words: WakeWords, samples: Samples) -> list[Detection]:
    """The detections in a recording, behind a VAD gate of its own and after 2 s of silence."""
    for frame in frames(np.zeros(16_000 * 2, np.int16)):
        words.process(frame, gate_open=False)
    gate = VadGate()
    found = (words.process(frame, gate.process(frame)) for frame in frames(samples))
    return [detection for detection in found if detection]


def test_a_silent_room_costs_no_inference(wake_words: WakeWords) -> None:
    assert heard(wake_words, hiss(10)) == []
    assert wake_words.inferences == 0


@pytest.mark.parametrize("sentence", ["alexa", "alexa turn on the kitchen light"])
def test_a_synthetic_voice_is_detected(
    sentence: str, wake_words: WakeWords, say: Callable[..., Samples]
) -> None:
    """The wake word alone, and followed by a command without a pause."""
    found = heard(wake_words, in_room(say(sentence, lead=0), 1.0, 0.5))
    assert [detection.name for detection in found] == ["alexa"]


def test_with_silence_around_it_is_heard(wake_words: WakeWords, speech_dir: Path) -> None:
    hits = [
        any(d.name == "alexa" for d in heard(wake_words, in_room(clip, 2.0, 0.6)))
        for clip in clips(speech_dir, "alexa", 40)
    ]
    assert sum(hits) >= 34


def test_without_pre_roll_it_is_detected(wake_words: WakeWords, speech_dir: Path) -> None:
    """No pre-roll: the networks see nothing before the frame that opened the gate."""
    hits = []
    for clip in clips(speech_dir, "alexa", 40):
        gate = VadGate()
        wake_words.reset()
        states = [(frame, gate.process(frame)) for frame in frames(in_room(clip, 0.5, 0.6))]
        found = [wake_words.process(frame) for frame, is_open in states if is_open]
        hits.append(any(d is not None and d.name == "alexa" for d in found))
    assert sum(hits) >= 34


@pytest.mark.parametrize("word", ["computer", "smart_mirror", "snowboy", "view_glass"])
def test_other_words_do_not_wake(word: str, wake_words: WakeWords, speech_dir: Path) -> None:
    woken = [bool(heard(wake_words, in_room(clip, 1.0, 0.6))) for clip in clips(speech_dir, word, 20)]
    assert sum(woken) <= 1


def first_hit(words: WakeWords, speech_dir: Path) -> tuple[Samples, Detection]:
    for clip in clips(speech_dir, "alexa", 5):
        room = in_room(clip, 1.0, 0.6)
        if found := heard(words, room):
            return room, found[0]
    raise AssertionError("none of five was heard")


def test_a_detection_lies_where_the_word_ended(wake_words: WakeWords, speech_dir: Path) -> None:
    room, detection = first_hit(wake_words, speech_dir)
    begin = wake_words.position - len(room) // 160 * 160
    assert begin + 16_000 < detection.end < detection.position <= wake_words.position
    assert 0.9 < detection.probability <= 1


def test_one_word_is_detected_once(wake_words: WakeWords, speech_dir: Path) -> None:
    room, _detection = first_hit(wake_words, speech_dir)
    assert len(heard(wake_words, room)) == 1


def test_a_higher_threshold_hears_less(wake_paths: dict[str, Path], speech_dir: Path) -> None:
    strict = WakeWords(wake_paths, {"alexa": 0.9999})
    hits = [heard(strict, in_room(clip, 1.0, 0.6)) for clip in clips(speech_dir, "alexa", 10)]
    strict.close()
    assert sum(map(bool, hits)) < 10


def test_the_thresholds_are_the_models_own(wake_words: WakeWords) -> None:
    assert wake_words.thresholds["alexa"] == pytest.approx(0.9)
    assert wake_words.thresholds["hey_jarvis"] == pytest.approx(0.97)


@pytest.mark.parametrize("thresholds", [{"alexa": 1.5}, {"alexa": 0.0}, {"hal": 0.5}])
def test_a_threshold_that_cannot_be_is_refused(
    thresholds: dict[str, float], wake_paths: dict[str, Path]
) -> None:
    with pytest.raises(InvalidInput) as caught:
        WakeWords(wake_paths, thresholds)
    assert caught.value.code == "wake.threshold"


@pytest.mark.parametrize("content", [None, "no json", "{}", '{"micro": 3, "model": "a"}'])
def test_a_bad_model_is_a_named_error(content: str | None, tmp_path: Path) -> None:
    path = tmp_path / "hal.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ModelError, match="'hal'"):
        WakeWords({"hal": path})


def test_a_model_without_its_network_is_a_named_error(wake_paths: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "alexa.json"
    path.write_bytes(wake_paths["alexa"].read_bytes())
    for content in (None, b"", b"TFL3" * 100, wake_paths["alexa"].read_bytes()):
        if content is not None:
            (tmp_path / "alexa.tflite").write_bytes(content)
        with pytest.raises(ModelError, match="'alexa'"):
            WakeWords({"alexa": path})


def test_the_files_are_not_needed_once_loaded(
    wake_paths: dict[str, Path], tmp_path: Path, speech_dir: Path
) -> None:
    for suffix in (".json", ".tflite"):
        copy = tmp_path / f"alexa{suffix}"
        copy.write_bytes(wake_paths["alexa"].with_suffix(suffix).read_bytes())
    words = WakeWords({"alexa": tmp_path / "alexa.json"})
    for path in tmp_path.iterdir():
        path.unlink()
    words.reset()
    assert first_hit(words, speech_dir)[1].name == "alexa"
    words.close()
