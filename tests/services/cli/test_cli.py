"""The command line, beside a daemon and without one."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile

from assistant.audio.files import read_audio, write_wav
from assistant.audio.format import SAMPLE_RATE
from common.lock import StateLock
from tests.extending.plugin import install_plugin
from tests.services.conftest import Box

KEYS = ["file", "transcript", "accepted", "intent", "slots", "reply", "clocks_ms", "stages_ms"]
CLOCKS = ["decided", "acted", "heard", "compute"]


def test_listen_prints_exactly_the_promised_object(box: Box, wav: Callable[..., Path]) -> None:
    path = wav("turn on the kitchen light")
    (line,) = box.lines("listen", path, "--json")
    assert list(line) == KEYS
    assert line["file"] == str(path)
    assert line["accepted"] is True
    assert line["intent"] == "HassTurnOn"
    assert line["slots"] == {"name": "kitchen light"}
    clocks = line["clocks_ms"]
    assert isinstance(clocks, dict)
    assert list(clocks) == CLOCKS
    assert [clocks[name] for name in CLOCKS[:3]] == [None, None, None]
    assert clocks["compute"] > 0


def test_listen_without_a_daemon_gives_the_same(own_box: Box, wav: Callable[..., Path]) -> None:
    (line,) = own_box.lines("listen", wav("turn on the kitchen light"), "--json")
    assert list(line) == KEYS
    assert (line["intent"], line["slots"]) == ("HassTurnOn", {"name": "kitchen light"})


def test_listen_in_real_time_knows_its_clocks(box: Box, wav: Callable[..., Path]) -> None:
    path = wav("turn on the kitchen light", tail=2.5)
    (line,) = box.lines("listen", path, "--json", "--realtime")
    clocks = line["clocks_ms"]
    assert isinstance(clocks, dict)
    # By construction of the clocks: the order of events, and that silence had to be waited for.
    assert 0 < clocks["decided"] <= clocks["acted"] <= clocks["heard"]
    assert clocks["compute"] <= clocks["heard"]


TEA = """
from assistant.skills.contract import Reply

class TeaSkill:
    intents = frozenset({"BrewTea"})

    def handle(self, request):
        return Reply("Okay.")

def skills(box):
    return (TeaSkill(),)
"""


def test_own_sentences_alone(own_box: Box, tmp_path: Path, wav: Callable[..., Path]) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "tea.yaml").write_text(
        "language: en\nintents:\n  BrewTea:\n    data:\n      - sentences:\n"
        "          - brew [a] {size} [cup of] tea\n"
        "lists:\n  size:\n    values: [small, large]\n"
    )
    own_box.extra["PYTHONPATH"] = str(install_plugin(tmp_path / "plugins", "tea", TEA))
    options = ("--sentences", folder, "--no-builtin", "--json")
    tea, light = own_box.lines(
        "listen", wav("brew a large cup of tea"), wav("turn on the kitchen light"), *options
    )
    assert (tea["intent"], tea["slots"]) == ("BrewTea", {"size": "large"})
    assert light["accepted"] is False
    (asked,) = own_box.lines("ask", "brew small tea", *options)
    assert (asked["file"], asked["slots"]) == (None, {"size": "small"})


def test_sentences_for_one_call_do_not_touch_the_daemons_house(box: Box, tmp_path: Path) -> None:
    (tmp_path / "extra.yaml").write_text("language: en\nintents: {}\n")
    box.run("ask", "turn", "on", "the", "desk", "lamp")
    done = box.run("ask", "turn off the desk lamp", "--sentences", tmp_path)
    assert "rehearsal" in done.stderr
    (line,) = box.lines("ask", "is the desk lamp on", "--json")
    assert str(line["reply"]).lower().startswith("yes")


def test_what_say_speaks_listen_understands(box: Box, tmp_path: Path) -> None:
    out = tmp_path / "said.wav"
    box.run("say", "Close the garage door.", "--out", out)
    assert soundfile.info(out).samplerate == 22_050
    (line,) = box.lines("listen", out, "--json")
    assert line["slots"] == {"name": "garage door"}


def test_replies_are_saved(box: Box, tmp_path: Path, wav: Callable[..., Path]) -> None:
    path = wav("what time is it")
    box.run("listen", path, "--reply-dir", tmp_path / "replies")
    reply = read_audio(tmp_path / "replies" / f"{path.stem}.wav")
    assert len(reply) > 0.5 * SAMPLE_RATE


def test_a_file_that_cannot_be_used_is_named_and_the_next_one_heard(
    box: Box, tmp_path: Path, wav: Callable[..., Path]
) -> None:
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"no audio at all")
    done = box.run("listen", bad, wav("what time is it"), "--json", check=False)
    assert done.returncode == 2
    assert "bad.wav" in done.stderr
    assert json.loads(done.stdout)["intent"] == "HassGetCurrentTime"


def test_ten_minutes_are_refused_with_the_limit(box: Box, tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    write_wav(path, np.zeros(600 * SAMPLE_RATE, np.int16), SAMPLE_RATE)
    done = box.run("listen", path, check=False)
    assert done.returncode == 4
    assert "30 s" in done.stderr


def test_silence_is_one_line_that_was_not_accepted(box: Box, tmp_path: Path) -> None:
    path = tmp_path / "silence.wav"
    write_wav(path, np.zeros(2 * SAMPLE_RATE, np.int16), SAMPLE_RATE)
    (line,) = box.lines("listen", path, "--json")
    assert (line["accepted"], line["transcript"]) == (False, "")


def test_turns_lists_what_was_said(box: Box) -> None:
    box.run("ask", "what day is it")
    newest = box.lines("turns", "-n", "1", "--json")
    assert [turn["intent"] for turn in newest] == ["HassGetCurrentDate"]
    assert "HassGetCurrentDate" in box.run("turns").stdout


def test_turns_without_a_daemon_and_without_any(own_box: Box) -> None:
    assert "nothing" in own_box.run("turns").stdout


def test_a_sentence_file_with_a_mistake_is_named_with_its_line(own_box: Box, tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("language: en\nintents:\n  A: [\n")
    done = own_box.run("ask", "hello", "--sentences", tmp_path, check=False)
    assert done.returncode == 2
    assert "broken.yaml" in done.stderr
    assert "broken.yaml:4" in done.stderr


def test_a_sentence_that_nothing_answers_is_named_with_its_line(own_box: Box, tmp_path: Path) -> None:
    (tmp_path / "tea.yaml").write_text("intents:\n  BrewTea: {data: [{sentences: [brew tea]}]}\n")
    done = own_box.run("ask", "brew tea", "--sentences", tmp_path, check=False)
    assert done.returncode == 2
    assert "tea.yaml:2: nothing answers the intent BrewTea" in done.stderr


def test_a_home_with_a_duplicate_is_named(own_box: Box) -> None:
    config = own_box.folder / "config"
    config.mkdir()
    home = config / "home.toml"
    home.write_text('[[areas]]\nname = "Kitchen"\n[[areas]]\nname = "Kitchen"\n')
    done = own_box.run("ask", "hello", check=False)
    assert done.returncode == 2
    assert "home.toml" in done.stderr
    assert "'kitchen'" in done.stderr


def test_models_are_listed_and_verified(own_box: Box) -> None:
    lines = own_box.run("models").stdout.splitlines()
    needed = [line for line in lines if "turn-end" not in line]
    assert sum(line.endswith("ready") for line in needed) == len(needed) == 7
    assert "complete" in own_box.run("models", "verify").stdout


def test_a_missing_model_is_named_with_the_fix(own_box: Box, tmp_path: Path) -> None:
    own_box.extra["SOTTO_MODELS"] = str(tmp_path / "nothing")
    done = own_box.run("ask", "hello", check=False)
    assert done.returncode == 7
    assert "make setup" in done.stderr


def test_the_self_test_passes(own_box: Box) -> None:
    done = own_box.run("selftest")
    assert "passed" in done.stdout
    assert "recognised" in done.stdout


def test_nothing_is_answered_as_done_while_somebody_else_owns_the_house(own_box: Box) -> None:
    lock = StateLock(own_box.state)
    try:
        done = own_box.run("ask", "set a timer for nine hours", check=False)
    finally:
        lock.release()
    assert done.returncode == 6
    assert "already running" in done.stderr
    assert not done.stdout


def test_several_at_once_each_get_their_timer(own_box: Box) -> None:
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda n: own_box.run("ask", f"set a timer for {n} hours"), (1, 2)))
    (line,) = own_box.lines("ask", "how much time is left", "--json")
    assert "two timers" in str(line["reply"]).lower() or "and" in str(line["reply"])


def test_an_argument_that_is_no_unicode_is_harmless(box: Box, own_box: Box) -> None:
    for place in (box, own_box):
        done = place.run("ask", "caf\udce9 \udcff", "--json")
        assert json.loads(done.stdout)["accepted"] is False


def test_help_needs_nothing(own_box: Box) -> None:
    assert "listen" in own_box.run("--help").stdout


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_new_machine_gets_its_models(own_box: Box, tmp_path: Path, wav: Callable[..., Path]) -> None:
    own_box.extra["SOTTO_MODELS"] = str(tmp_path / "models")
    assert "piper-joe-en-us" in own_box.run("models", "fetch").stdout
    assert "prepared" in own_box.run("models", "prepare").stdout
    assert "complete" in own_box.run("models", "verify").stdout
    assert "nothing" in own_box.run("models", "fetch").stdout
    (line,) = own_box.lines("listen", wav("what time is it"), "--json")
    assert line["intent"] == "HassGetCurrentTime"
