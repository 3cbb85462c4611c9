"""The box hears through a sound card, and what it answers comes out of one.

The card is a loopback (snd-aloop): what is played into its second device arrives at the first one, which
PipeWire has, and the other way round. Only the capture path has to keep up with real time: listening,
recognising and speaking take an emulated processor many times as long as the sound lasts, so that what was
captured may wait for the ears for longer than it may on a real box, and what is played for the loudspeaker.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import numpy as np
import pytest
import soxr

from assistant.audio.files import write_wav
from assistant.audio.format import SAMPLE_RATE, Samples
from assistant.models.store import ModelStore
from assistant.serving.serving import Serving
from assistant.speech.recogniser import Recogniser
from common.paths import models_dir
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import assistant_pb2_grpc as rpc
from tests.hearsay import likeness, was_said
from tests.system.box import Box
from tests.system.conftest import BoxMaker
from tests.system.disk import data_write

_CARD_RATE = 48_000
#: The other end of the cable, as ALSA's own programs name it.
_FAR_END = f"-q -D plughw:CARD=Loopback,DEV=1 -t raw -f S16_LE -r {_CARD_RATE}"
#: An emulated processor takes a minute or more for each second that is listened to, understood or said.
ANSWER_S = 1500.0
#: How far the ears may lag behind the sound, in ms; on a real box it is 2 s.
QUEUE_MS = 1_800_000
#: How much sound the loudspeaker's buffer holds, in s.
BUFFER_S = 1.0
_SETTINGS = "/lib/sotto/config/assistant.toml"
_FILE = f"[microphone]\nqueue_ms = {QUEUE_MS}\n\n[speaker]\nlatency = {BUFFER_S}\n"
#: How often the question is put.
TRIES = 2
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@pytest.fixture(scope="module")
def box(make_box: BoxMaker) -> Iterator[Box]:
    # Sound in real time takes most of an emulated machine; a health check beside it would take half an hour.
    box = make_box(kernel_words="modules_load=snd_aloop systemd.mask=sotto-gate.service")
    box.start()
    box.wait_until_active("sotto-assistantd")
    box.power_button()
    data_write(box.disk, _FILE, _SETTINGS, mode=0o644)
    box.start()
    box.wait_until_active("sotto-assistantd")
    yield box
    box.pull_the_plug()


def test_the_loopback_is_chosen(box: Box) -> None:
    def chosen() -> bool:
        # The sound service comes up beside the assistant, and may take longer.
        choice = json.loads(box.ssh("cat /run/sotto-sound/choice.json || echo '{}'"))
        return all("aloop" in (choice.get(end) or {}).get("name", "") for end in ("microphone", "speaker"))

    box.wait(chosen, "the loopback as microphone and loudspeaker", 600.0)


def test_a_spoken_question_is_answered_aloud(box: Box, say: Callable[..., Samples], tmp_path: Path) -> None:
    heard: list[pb.Turn] = []
    question = say("okay nabu, what day is it", lead=1.0, tail=2.0)
    with _assistant(box) as stub:
        # Said once, in pieces with gaps as long as they take to make. The box keeps what it said, so that the
        # answer below comes at the pace of speech.
        stub.Announce(pb.AnnounceRequest(text=_reply_to(stub, "what day is it")), timeout=ANSWER_S)
        with _recording(box) as recorded:
            # An emulated machine drops samples now and then; people, too, say again what was not understood.
            while not any(turn.accepted for turn in heard) and len(heard) < TRIES:
                heard.append(_said(box, stub, question))
    turn = heard[-1]
    assert turn.intent == "HassGetCurrentDate", [turn.transcript for turn in heard]
    spoken = [day for day in WEEKDAYS if day in turn.reply.lower()]
    assert len(spoken) == 1, turn
    write_wav(tmp_path / "recorded.wav", recorded(), _CARD_RATE)
    answer = Recogniser(Serving(ModelStore(models_dir()))).transcribe(_without_gaps(recorded())).text
    heard_day = max(WEEKDAYS, key=lambda day: likeness(answer, day))
    assert (heard_day, was_said(answer, heard_day)) == (spoken[0], True), (answer, turn.reply)


@contextlib.contextmanager
def _assistant(box: Box) -> Iterator[rpc.AssistantStub]:
    """The assistant through a forwarded socket: asking it costs the box no new process."""
    with (
        box.forwarded("/run/sotto/assistantd.sock") as path,
        grpc.insecure_channel(f"unix:{path}") as channel,
    ):
        yield rpc.AssistantStub(channel)


def _reply_to(stub: rpc.AssistantStub, text: str) -> str:
    """What the box answers to a typed question."""
    answers = stub.Ask(pb.AskRequest(query=text), timeout=ANSWER_S)
    return next(answer.turn.reply for answer in answers if answer.WhichOneof("payload") == "turn")


def _said(box: Box, stub: rpc.AssistantStub, question: Samples) -> pb.Turn:
    """The turn that a question played into the room leads to, once its answer was spoken."""
    events = stub.Watch(pb.WatchRequest(), timeout=ANSWER_S)
    events.initial_metadata()
    _play(box, question)
    for event in events:
        # A turn ends when its reply was spoken.
        if event.kind == "turn":
            break
    return stub.Turns(pb.TurnsRequest(limit=1), timeout=60).turns[0]


def _play(box: Box, sound: Samples) -> None:
    """Play 16 kHz int16 (n,) into the far end of the cable, without a network in the way."""
    card = soxr.resample(sound, SAMPLE_RATE, _CARD_RATE).astype("<i2")
    box.ssh("cat > /tmp/question.raw", data=card.tobytes())
    box.ssh(f"aplay {_FAR_END} -c 1 /tmp/question.raw")


@contextlib.contextmanager
def _recording(box: Box) -> Iterator[Callable[[], Samples]]:
    """Record the far end; the function given returns what came, 48 kHz int16 (n,), once it is over."""
    process = box.popen(f"arecord {_FAR_END} -c 1 -d {TRIES * ANSWER_S:.0f} /tmp/answer.raw")
    sound: list[Samples] = []
    try:
        yield lambda: sound[0]
    finally:
        box.ssh("pkill -INT arecord || true")
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(60)
        process.kill()
        # Nearly all of it is silence.
        packed = box.ssh_bytes("gzip -1 < /tmp/answer.raw", 600.0)
        sound.append(np.frombuffer(gzip.decompress(packed), "<i2").astype(np.int16))


def _without_gaps(sound: Samples) -> Samples:
    """At 16 kHz and without the silence that lies between the pieces where synthesis was not ready."""
    # A run of 5 ms and more is a gap; a single zero is a crossing.
    width = _CARD_RATE // 200
    blocks = sound[: len(sound) // width * width].reshape(-1, width)
    kept = blocks[np.abs(blocks.astype(np.int32)).max(axis=1) > 1].ravel()
    assert len(kept) > _CARD_RATE // 2, "nothing was played"
    return np.asarray(soxr.resample(kept, _CARD_RATE, SAMPLE_RATE), np.int16)
