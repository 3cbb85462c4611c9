"""The daemon as its clients see it: a real process, a real socket, real models."""

from __future__ import annotations

import io
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import numpy as np
import pytest
import soundfile
from google.protobuf import struct_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from assistant.audio.files import read_audio
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import assistant_pb2_grpc as rpc
from services.wire.limits import MAX_CONVERSATIONS, MAX_WATCHERS
from services.wire.messages import struct_from
from services.wire.status import RemoteError, from_rpc
from tests.conftest import REPOSITORY
from tests.services.conftest import Box


@pytest.fixture(scope="module")
def channel(box: Box) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(f"unix:{box.socket}") as channel:
        yield channel


@pytest.fixture(scope="module")
def stub(channel: grpc.Channel) -> rpc.AssistantStub:
    return rpc.AssistantStub(channel)


def _error(call: Callable[[], object]) -> RemoteError:
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return from_rpc(caught.value)


def _ask(stub: rpc.AssistantStub, query: str) -> pb.Turn:
    return list(stub.Ask(pb.AskRequest(query=query)))[-1].turn


def test_the_socket_is_its_owners_alone(box: Box) -> None:
    assert stat.S_IMODE(box.socket.stat().st_mode) == 0o600
    assert stat.S_IMODE(box.socket.parent.stat().st_mode) == 0o700


def test_health_says_serving(channel: grpc.Channel) -> None:
    stub = health_pb2_grpc.HealthStub(channel)
    for service in ("", "sotto.v1.Assistant"):
        reply = stub.Check(health_pb2.HealthCheckRequest(service=service))
        assert reply.status == health_pb2.HealthCheckResponse.SERVING


def test_reflection_lists_the_service(channel: grpc.Channel) -> None:
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    requests = [reflection_pb2.ServerReflectionRequest(list_services="")]
    reply = next(iter(stub.ServerReflectionInfo(iter(requests))))
    names = {service.name for service in reply.list_services_response.service}
    assert "sotto.v1.Assistant" in names


def test_ask_acts_and_answers(stub: rpc.AssistantStub) -> None:
    responses = list(stub.Ask(pb.AskRequest(query="turn on the kitchen light")))
    turn = responses[-1].turn
    assert turn.accepted
    assert turn.intent == "HassTurnOn"
    assert dict(turn.slots)["name"] == "kitchen light"
    assert "kitchen light" in turn.reply
    kinds = [r.event.kind for r in responses if r.WhichOneof("payload") == "event"]
    assert kinds[:3] == ["decided", "acted", "reply"]


def test_ask_outside_the_grammar_is_refused_not_bent(stub: rpc.AssistantStub) -> None:
    turn = _ask(stub, "please order a coffee with milk")
    assert not turn.accepted
    assert not turn.HasField("intent")
    assert turn.reply


def test_ask_can_answer_aloud(stub: rpc.AssistantStub) -> None:
    params = struct_pb2.Struct()
    params.update({"reply_audio": True})
    responses = list(stub.Ask(pb.AskRequest(query="what time is it", params=params)))
    audio = [r.audio for r in responses if r.WhichOneof("payload") == "audio"]
    assert sum(len(chunk.pcm) for chunk in audio) > 20_000
    assert {chunk.sample_rate for chunk in audio} == {22_050}


def test_converse_hears_a_command_and_answers_aloud(
    stub: rpc.AssistantStub, wav: Callable[..., Path]
) -> None:
    audio = read_audio(wav("turn off the kitchen light"))

    def requests() -> Iterator[pb.ConverseRequest]:
        yield pb.ConverseRequest(start=pb.ConverseStart(reply_audio=True, label="x.wav"))
        yield pb.ConverseRequest(audio=audio.tobytes())

    responses = list(stub.Converse(requests()))
    turns = [r.turn for r in responses if r.WhichOneof("payload") == "turn"]
    assert [turn.intent for turn in turns] == ["HassTurnOff"]
    assert turns[0].label == "x.wav"
    assert turns[0].clocks_ms.HasField("compute")
    assert not turns[0].clocks_ms.HasField("heard")
    assert any(r.WhichOneof("payload") == "audio" for r in responses)
    states = [r.event.data["state"] for r in responses if r.event.kind == "state"]
    assert states[:3] == ["listening", "deciding", "speaking"]


def test_converse_takes_other_rates_and_odd_message_sizes(
    stub: rpc.AssistantStub, wav: Callable[..., Path]
) -> None:
    audio = read_audio(wav("what time is it"))
    slow = audio[::2].tobytes()

    def requests() -> Iterator[pb.ConverseRequest]:
        yield pb.ConverseRequest(start=pb.ConverseStart(sample_rate=8000))
        for at in range(0, len(slow), 777):
            yield pb.ConverseRequest(audio=slow[at : at + 777])

    turns = [r.turn for r in stub.Converse(requests()) if r.WhichOneof("payload") == "turn"]
    assert [turn.intent for turn in turns] == ["HassGetCurrentTime"]


def test_transcribe_and_synthesize_understand_each_other(stub: rpc.AssistantStub) -> None:
    chunks = list(stub.Synthesize(pb.SynthesizeRequest(text="Open the garage door.")))
    assert len(chunks) > 1, "speech must come in chunks, the first one early"
    pcm = b"".join(chunk.pcm for chunk in chunks)
    reply = stub.Transcribe(pb.TranscribeRequest(audio=pcm, sample_rate=chunks[0].sample_rate))
    assert "garage door" in reply.text.lower()


def test_small_files_that_hold_much_take_little_memory(box: Box, stub: rpc.AssistantStub) -> None:
    memory = io.BytesIO()
    soundfile.write(memory, np.zeros((48_000 * 29, 8), np.int16), 48_000, format="FLAC", subtype="PCM_24")
    request = pb.TranscribeRequest(audio=memory.getvalue())
    assert len(request.audio) < 20_000
    assert box.process is not None
    before = _peak_kib(box.process.pid)
    with ThreadPoolExecutor(6) as pool:
        replies = list(pool.map(stub.Transcribe, [request] * 6))
    assert [reply.text for reply in replies] == [""] * 6
    # Each of them has 45 MB of samples in 32 bits.
    assert _peak_kib(box.process.pid) - before < 60_000


def _peak_kib(process: int) -> int:
    (line,) = [
        line for line in Path(f"/proc/{process}/status").read_text().splitlines() if line.startswith("VmHWM")
    ]
    return int(line.split()[1])


def test_every_model_is_listed_and_ready(stub: rpc.AssistantStub) -> None:
    models = stub.ListModels(pb.ListModelsRequest()).models
    assert {model.task for model in models} == {"asr", "tts", "wake", "vad", "turn-end"}
    # The model for the end of a turn is optional.
    assert {model.state for model in models if model.task != "turn-end"} == {"ready"}


def test_watchers_see_the_turns_of_others(box: Box, stub: rpc.AssistantStub) -> None:
    watching = stub.Watch(pb.WatchRequest())
    watching.initial_metadata()
    _ask(stub, "what day is it")
    kinds = []
    for event in watching:
        kinds.append(event.kind)
        if event.kind == "turn":
            break
    watching.cancel()  # type: ignore[no-untyped-call]
    assert "decided" in kinds


def test_turns_are_remembered_newest_first(stub: rpc.AssistantStub) -> None:
    _ask(stub, "what time is it")
    _ask(stub, "what day is it")
    turns = stub.Turns(pb.TurnsRequest(limit=2)).turns
    assert [turn.intent for turn in turns] == ["HassGetCurrentDate", "HassGetCurrentTime"]


@pytest.mark.parametrize(
    ("request_", "code", "status"),
    [
        (pb.AskRequest(query="x" * 100_000), "ask.too-long", grpc.StatusCode.OUT_OF_RANGE),
        (
            pb.AskRequest(query="hi", context=["x" * 100_000]),
            "ask.too-long",
            grpc.StatusCode.OUT_OF_RANGE,
        ),
        (pb.AskRequest(query=" \n "), "ask.empty", grpc.StatusCode.INVALID_ARGUMENT),
    ],
)
def test_bad_questions_get_a_code_and_a_hint(
    stub: rpc.AssistantStub, request_: pb.AskRequest, code: str, status: grpc.StatusCode
) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        list(stub.Ask(request_))
    assert caught.value.code() is status
    error = from_rpc(caught.value)
    assert error.code == code
    assert error.hint


@pytest.mark.parametrize(
    ("params", "code"),
    [({"language": "tlh"}, "language.unknown"), ({"volume": 11}, "ask.params")],
)
def test_bad_parameters_are_named(stub: rpc.AssistantStub, params: dict[str, object], code: str) -> None:
    struct = struct_from(params)
    error = _error(lambda: list(stub.Ask(pb.AskRequest(query="hello", params=struct))))
    assert error.code == code


def test_control_characters_do_no_harm(stub: rpc.AssistantStub) -> None:
    assert _ask(stub, "turn\x00 on\x07 the\tkitchen light\n").accepted


@pytest.mark.parametrize(
    ("audio", "rate", "code"),
    [
        (b"this is no audio" * 50, 0, "audio.not-audio"),
        (b"", 0, "audio.not-audio"),
        (bytes(2 * 16_000 * 45), 16_000, "audio.too-long"),
        (bytes(3200), 500, "audio.rate"),
    ],
)
def test_bad_audio_is_refused_with_its_reason(
    stub: rpc.AssistantStub, audio: bytes, rate: int, code: str
) -> None:
    error = _error(lambda: stub.Transcribe(pb.TranscribeRequest(audio=audio, sample_rate=rate)))
    assert error.code == code
    assert error.hint


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ([], "converse.no-start"),
        ([pb.ConverseRequest(audio=b"12")], "converse.no-start"),
        ([pb.ConverseRequest(start=pb.ConverseStart(sample_rate=1))], "audio.rate"),
        (
            [
                pb.ConverseRequest(start=pb.ConverseStart()),
                pb.ConverseRequest(audio=bytes(2_000_000)),
            ],
            "audio.message",
        ),
        ([pb.ConverseRequest(start=pb.ConverseStart())] * 2, "converse.no-audio"),
    ],
)
def test_bad_streams_are_refused_with_their_reason(
    stub: rpc.AssistantStub, first: list[pb.ConverseRequest], code: str
) -> None:
    assert _error(lambda: list(stub.Converse(iter(first)))).code == code


def test_a_command_without_an_end_is_refused_when_it_gets_too_long(stub: rpc.AssistantStub) -> None:
    def requests() -> Iterator[pb.ConverseRequest]:
        yield pb.ConverseRequest(start=pb.ConverseStart())
        for _ in range(70):
            yield pb.ConverseRequest(audio=bytes(16_000))

    assert _error(lambda: list(stub.Converse(requests()))).code == "audio.too-long"


def test_a_huge_language_is_refused_in_a_message_that_fits(stub: rpc.AssistantStub) -> None:
    request = pb.AskRequest(query="hello", params=struct_from({"language": "x" * 100_000}))
    assert _error(lambda: list(stub.Ask(request))).code == "language.unknown"


def test_watchers_and_silent_talkers_cannot_starve_the_others(stub: rpc.AssistantStub) -> None:
    hold = threading.Event()

    def silent() -> Iterator[pb.ConverseRequest]:
        yield pb.ConverseRequest(start=pb.ConverseStart())
        hold.wait(30)

    talking = [stub.Converse(silent()) for _ in range(MAX_CONVERSATIONS)]
    watching = [stub.Watch(pb.WatchRequest()) for _ in range(MAX_WATCHERS)]
    try:
        for call in watching:
            call.initial_metadata()
        assert _ask(stub, "what time is it").accepted
        assert _error(lambda: list(stub.Watch(pb.WatchRequest()))).code == "daemon.no-place"
    finally:
        hold.set()
        for conversation in talking:
            conversation.cancel()  # type: ignore[no-untyped-call]
        for watcher in watching:
            watcher.cancel()  # type: ignore[no-untyped-call]


def test_noise_is_not_a_command(stub: rpc.AssistantStub) -> None:
    noise = np.random.default_rng(3).normal(0, 3000, 32_000).astype("<i2").tobytes()

    def requests() -> Iterator[pb.ConverseRequest]:
        yield pb.ConverseRequest(start=pb.ConverseStart())
        yield pb.ConverseRequest(audio=noise)

    turns = [r.turn for r in stub.Converse(requests()) if r.WhichOneof("payload") == "turn"]
    assert not any(turn.accepted for turn in turns)


def test_the_daemon_is_alive_and_well_after_all_that(stub: rpc.AssistantStub) -> None:
    assert _ask(stub, "what time is it").accepted


def test_a_second_daemon_is_refused_and_told_why(box: Box) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "services.assistantd.main", "--no-microphone"],
        env=box.environment,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert second.returncode == 6
    assert "already running" in second.stderr
    assert str(box.process.pid if box.process else "") in second.stderr


def test_the_daemon_needs_nothing_that_only_building_needs() -> None:
    code = (
        "import sys\n"
        "names = ('onnx', 'psutil', 'matplotlib', 'pytest', 'grpc_tools', 'prometheus_client')\n"
        "for name in names: sys.modules[name] = None\n"
        "import services.assistantd.main, services.cli.main, services.cli.talk, services.client.remote\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_engine_of_a_model_is_changed_while_it_runs(stub: rpc.AssistantStub) -> None:
    def choose(engine: str, model: str = "silero-vad") -> tuple[str, str]:
        stub.ChooseEngine(pb.ChooseEngineRequest(model=model, engine=engine))
        found = {each.model: each for each in stub.ListEngines(pb.ListEnginesRequest()).models}
        return found[model].engine, found[model].choice

    assert choose("openvino") == ("openvino", "openvino")
    assert choose("auto") == ("onnxruntime", "auto")
    assert _error(lambda: choose("onnxruntime-cuda")).code == "engine.unavailable"
    assert _error(lambda: choose("abacus")).code == "engine.unknown"
    assert _error(lambda: choose("openvino", "abacus")).code == "model.unknown"
