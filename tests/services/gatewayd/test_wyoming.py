"""Wyoming's services, with the client library that hubs use."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress

import numpy as np
import pytest
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.event import Event, Eventable
from wyoming.handle import Handled, NotHandled
from wyoming.info import Describe, Info
from wyoming.ping import Ping, Pong
from wyoming.tts import Synthesize
from wyoming.wake import Detect, Detection, NotDetected

from assistant.audio.format import SAMPLE_RATE, Samples
from assistant.models.store import ModelStore
from assistant.serving.serving import Serving
from assistant.speech.recogniser import Recogniser
from common.paths import models_dir
from tests.hearsay import was_said
from tests.services.gatewayd.conftest import Gate


@pytest.fixture(scope="module")
def hub(gate: Gate) -> Iterator[Gate]:
    """A gateway that is paired with a hub on this machine."""
    gate.box.run("hubs", "add", "127.0.0.1")
    yield gate


def _talk(gate: Gate, events: list[Eventable], last: str, port: int = 0) -> list[Event]:
    """Send everything, then read up to the event of the type `last`, or an error."""

    async def run() -> list[Event]:
        got: list[Event] = []
        async with AsyncTcpClient("127.0.0.1", port or gate.wyoming_port) as client:
            for event in events:
                await client.write_event(event.event())
            while not got or got[-1].type not in (last, "error"):
                async with asyncio.timeout(60):
                    event = await client.read_event()
                if event is None:
                    raise ConnectionError("the box closed the connection")
                got.append(event)
        return got

    return asyncio.run(run())


def _sound(sound: Samples, rate: int = SAMPLE_RATE, channels: int = 1) -> list[Eventable]:
    """As a hub sends it: a start, a tenth of a second at a time, an end."""
    data = sound.tobytes()
    form = {"rate": rate, "width": 2, "channels": channels}
    pieces = [data[at : at + 3200] for at in range(0, len(data), 3200)]
    return [
        AudioStart(**form),
        *(AudioChunk(audio=piece, **form) for piece in pieces),
        AudioStop(),
    ]


def _error(gate: Gate, events: list[Eventable]) -> str:
    (event,) = _talk(gate, events, "error")[-1:]
    return str(Error.from_event(event).code)


def test_the_port_is_closed_until_a_hub_is_paired(own_gate: Gate) -> None:
    own_gate.box.state.mkdir(parents=True)
    own_gate.start()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", own_gate.wyoming_port), timeout=5)
    own_gate.box.run("hubs", "add", "127.0.0.1")
    assert _talk(own_gate, [Describe()], "info")
    assert own_gate.box.run("hubs").stdout == "127.0.0.1\n"
    own_gate.box.run("hubs", "remove", "127.0.0.1")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", own_gate.wyoming_port), timeout=5)
    status, log = own_gate.stop()
    assert (status, log) == (0, "")


def test_a_stranger_is_not_answered(own_gate: Gate) -> None:
    own_gate.box.state.mkdir(parents=True)
    own_gate.start()
    own_gate.box.run("hubs", "add", "192.0.2.7")
    address = ("127.0.0.1", own_gate.wyoming_port)
    with suppress(ConnectionResetError), socket.create_connection(address, timeout=5) as line:
        line.sendall(b'{"type": "describe"}\n')
        assert line.recv(100) == b""


def test_a_hub_that_is_removed_is_cut_off(own_gate: Gate) -> None:
    own_gate.box.state.mkdir(parents=True)
    own_gate.start()
    own_gate.box.run("hubs", "add", "127.0.0.1")
    with socket.create_connection(("127.0.0.1", own_gate.wyoming_port), timeout=20) as line:
        line.sendall(b'{"type": "describe"}\n')
        assert line.recv(100)
        own_gate.box.run("hubs", "remove", "127.0.0.1")
        line.settimeout(10)
        try:
            while line.recv(65536):
                pass
        except ConnectionResetError:
            pass


def test_it_describes_itself_while_the_assistant_is_not_there(own_gate: Gate) -> None:
    own_gate.box.state.mkdir(parents=True)
    own_gate.start()
    own_gate.box.run("hubs", "add", "127.0.0.1")
    (event,) = _talk(own_gate, [Describe()], "info")
    info = Info.from_event(event)
    assert [program.name for program in (*info.asr, *info.tts, *info.wake, *info.handle)] == ["sotto"] * 4
    assert info.satellite is None
    assert _error(own_gate, [Synthesize("hello")]) == "daemon.gone"


def test_a_recording_becomes_a_transcript(hub: Gate, say: Callable[..., Samples]) -> None:
    for _ in range(2):
        events = [Transcribe(language="en"), *_sound(say("what time is it"))]
        transcript = Transcript.from_event(_talk(hub, events, "transcript")[-1])
        assert transcript.text.lower().rstrip("?.") == "what time is it"


def test_stereo_of_another_rate_becomes_one_too(hub: Gate, say: Callable[..., Samples]) -> None:
    import numpy as np
    import soxr

    wide = soxr.resample(say("what time is it"), SAMPLE_RATE, 44_100).astype(np.int16)
    events = [Transcribe(), *_sound(np.repeat(wide, 2), 44_100, 2)]
    transcript = Transcript.from_event(_talk(hub, events, "transcript")[-1])
    assert transcript.text.lower().rstrip("?.") == "what time is it"


def test_noise_has_an_empty_transcript(hub: Gate) -> None:
    noise = (np.random.default_rng(2).standard_normal(80_000) * 3000).astype(np.int16)
    events = _talk(hub, [Transcribe(), *_sound(noise)], "transcript")
    assert Transcript.from_event(events[-1]).text == ""


def test_nothing_heard_is_an_empty_transcript(hub: Gate) -> None:
    events = _talk(hub, [Transcribe(), AudioStart(16_000, 2, 1), AudioStop()], "transcript")
    assert Transcript.from_event(events[-1]).text == ""


def test_a_text_becomes_speech(hub: Gate) -> None:
    import numpy as np
    import soxr

    events = _talk(hub, [Synthesize("What time is it?")], "audio-stop")
    start = AudioStart.from_event(events[0])
    assert (start.rate, start.width, start.channels) == (22_050, 2, 1)
    chunks = [AudioChunk.from_event(event) for event in events[1:-1]]
    assert len(chunks) > 3
    spoken = np.frombuffer(b"".join(chunk.audio for chunk in chunks), np.int16)
    heard = soxr.resample(spoken, start.rate, SAMPLE_RATE).astype(np.int16)
    text = Recogniser(Serving(ModelStore(models_dir()))).transcribe(heard).text
    assert was_said(text, "What time is it"), text


def test_a_wake_word_is_detected(hub: Gate, say: Callable[..., Samples]) -> None:
    sound = _sound(say("okay nabu", lead=1.0, tail=1.5))
    detection = Detection.from_event(_talk(hub, [Detect(names=["okay_nabu"]), *sound], "detection")[-1])
    assert detection.name == "okay_nabu"
    assert detection.timestamp


def test_what_follows_a_wake_word_is_not_done(hub: Gate, say: Callable[..., Samples]) -> None:
    before = hub.box.lines("turns", "-n", "50", "--json")
    sound = _sound(say("okay nabu, set a timer for five minutes", lead=1.0, tail=2.0))
    got = _talk(hub, [Detect(names=["alexa"]), *sound], "not-detected")
    assert NotDetected.is_type(got[-1].type), got[-1]
    assert _talk(hub, [Detect(names=["okay_nabu"]), *sound], "detection")
    assert hub.box.lines("turns", "-n", "50", "--json") == before


def test_another_word_is_not(hub: Gate, say: Callable[..., Samples]) -> None:
    sound = _sound(say("what time is it", lead=1.0, tail=1.5))
    got = _talk(hub, [Detect(), *sound], "not-detected")
    assert NotDetected.is_type(got[-1].type), got[-1]


def test_a_sentence_is_handled(hub: Gate) -> None:
    (event,) = _talk(hub, [Transcript("what day is it")], "handled")
    assert "day" in str(Handled.from_event(event).text).lower()


def test_what_it_does_not_understand_is_not_handled(hub: Gate) -> None:
    (event,) = _talk(hub, [Transcript("purple elephants sing sideways")], "not-handled")
    assert NotHandled.from_event(event).text


def test_a_ping_is_answered_while_it_works(hub: Gate) -> None:
    events = _talk(hub, [Ping("one"), Describe(), Ping("two")], "pong")
    assert Pong.from_event(events[0]).text == "one"


def test_an_unknown_event_is_passed_over(hub: Gate) -> None:
    class Unknown(Eventable):
        def event(self) -> Event:
            return Event("select-program", {"name": "x"})

        @staticmethod
        def is_type(event_type: str) -> bool:
            return False

        @staticmethod
        def from_event(event: Event) -> Unknown:
            return Unknown()

    assert _talk(hub, [Unknown(), Ping("x")], "pong")


def test_sound_in_an_impossible_format_is_refused(hub: Gate) -> None:
    chunk = AudioChunk(rate=100, width=2, channels=1, audio=b"\0\0")
    assert _error(hub, [Transcribe(), chunk]) == "audio.format"


def test_sound_without_an_end_is_refused(hub: Gate) -> None:
    chunk = AudioChunk(rate=16_000, width=2, channels=1, audio=bytes(500_000))
    assert _error(hub, [Transcribe(), *[chunk] * 10]) == "audio.too-long"
