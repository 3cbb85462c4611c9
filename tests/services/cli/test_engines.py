"""`sotto models engine`: beside a daemon, which changes at once, and without one."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from common.lock import StateLock
from services.cli.engines import engine_lines
from services.cli.main import main
from services.proto.sotto.v1 import assistant_pb2 as pb
from tests.services.conftest import Box

NAME = "silero-vad"


def models(box: Box) -> dict[str, dict[str, Any]]:
    done = box.run("models", "engine", "--json", check=False)
    assert done.returncode == 0, done.stderr
    return {each["model"]: each for each in json.loads(done.stdout)["models"]}


@pytest.mark.slow
def test_an_engine_is_changed_in_the_running_daemon(own_box: Box, wav: Callable[..., Path]) -> None:
    own_box.start()
    assert models(own_box)[NAME] == {"model": NAME, "engine": "onnxruntime", "choice": "auto"}
    done = own_box.run("models", "engine", NAME, "openvino", check=False)
    assert (done.returncode, done.stdout) == (0, f"{NAME} runs on openvino\n"), done.stderr
    assert models(own_box)[NAME] == {"model": NAME, "engine": "openvino", "choice": "openvino"}
    (line,) = own_box.lines("listen", wav("turn on the kitchen light"), "--json")
    assert line["intent"] == "HassTurnOn"
    done = own_box.run("models", "engine", NAME, "auto", check=False)
    assert (done.returncode, done.stdout) == (0, f"{NAME} runs on onnxruntime\n"), done.stderr


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the state where no daemon runs; commands run in this process."""
    for name, place in (("STATE", "state"), ("SOCKET", "none.sock"), ("CONFIG", "config")):
        monkeypatch.setenv(f"SOTTO_{name}", str(tmp_path / place))
    return tmp_path / "state"


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        ((NAME, "abacus"), 2, "there is no engine 'abacus' [engine.unknown]"),
        (("abacus", "openvino"), 2, "there is no model named 'abacus' [model.unknown]"),
        ((NAME,), 2, "an engine is missing [engine.missing]"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(
    alone: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    status: int,
    words: str,
) -> None:
    assert main(["models", "engine", *arguments]) == status
    assert words in capsys.readouterr().err
    assert not alone.exists()


def test_without_a_daemon_the_choice_is_kept_for_the_next_one(
    alone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "engine", NAME, "openvino"]) == 0
    assert capsys.readouterr().out == f"no assistant is running; its next one tries openvino for {NAME}\n"
    assert main(["models", "engine", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"model": NAME, "choice": "openvino"} in found["models"]
    (engine,) = (each for each in found["engines"] if each["id"] == "onnxruntime")
    assert "problem" not in engine


def test_while_another_process_has_the_state_nothing_is_written(alone: Path) -> None:
    lock = StateLock(alone)
    try:
        assert main(["models", "engine", NAME, "openvino"]) == 6
    finally:
        lock.release()
    assert not (alone / "engines.json").exists()


@pytest.mark.slow
def test_a_daemon_takes_what_was_chosen_before_its_start(own_box: Box, wav: Callable[..., Path]) -> None:
    assert own_box.run("models", "engine", NAME, "openvino").returncode == 0
    own_box.start()
    give_up = time.monotonic() + 90
    while models(own_box)[NAME]["engine"] != "openvino":
        assert time.monotonic() < give_up
        time.sleep(0.2)
    (line,) = own_box.lines("listen", wav("turn on the kitchen light"), "--json")
    assert line["intent"] == "HassTurnOn"


def test_what_was_left_is_shown_with_the_reason() -> None:
    found = pb.ListEnginesResponse(
        models=[
            pb.ModelEngine(
                model=NAME,
                engine="onnxruntime",
                choice="openvino",
                left=[
                    pb.LeftEngine(
                        engine="openvino", why="hangs", reason="no answer", ago_s=12.4, again_s=47.6
                    )
                ],
            )
        ],
        engines=[
            pb.Engine(id="onnxruntime", device="cpu", version="1.32.0"),
            pb.Engine(id="tensorrt", device="gpu", problem="not installed: tensorrt"),
        ],
    )
    assert engine_lines(found) == [
        "silero-vad                 runs on onnxruntime      chosen: openvino",
        "    left: openvino (hangs) 12 s ago; it may try again in 48 s: no answer",
        "",
        "onnxruntime                cpu  1.32.0     can be used",
        "tensorrt                   gpu             not installed: tensorrt",
    ]
