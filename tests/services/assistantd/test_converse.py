"""How long a conversation over the wire may be idle."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from common.errors import SottoError
from services.assistantd import converse
from services.proto.sotto.v1 import assistant_pb2 as pb


class _SlowBox:
    """Takes until `answered` to come to an answer."""

    settings = SimpleNamespace(recogniser=SimpleNamespace(max_audio_s=30.0))

    def __init__(self) -> None:
        self.answered = threading.Event()

    def conversation(self, *_: object, **__: object) -> _SlowBox:
        return self

    def feed(self, _frame: object) -> None:
        """Heard."""

    def wait(self) -> None:
        """Nothing is spoken."""

    def end_of_stream(self) -> None:
        self.answered.wait(20)

    def close(self) -> None:
        self.answered.set()


def _start() -> pb.ConverseRequest:
    return pb.ConverseRequest(start=pb.ConverseStart())


def test_who_sends_nothing_loses_the_conversation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(converse, "IDLE_S", 0.1)
    box, gone = _SlowBox(), threading.Event()

    def requests() -> Iterator[pb.ConverseRequest]:
        yield _start()
        gone.wait(20)

    with pytest.raises(SottoError) as caught:
        list(converse.Converse(box, requests()).responses())  # type: ignore[arg-type]
    gone.set()
    assert caught.value.code == "converse.idle"


def test_who_has_sent_all_waits_for_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(converse, "IDLE_S", 0.1)
    box = _SlowBox()
    # Longer than the look at the clock, which comes once a second.
    threading.Timer(2.5, box.answered.set).start()
    assert list(converse.Converse(box, iter([_start()])).responses()) == []  # type: ignore[arg-type]
