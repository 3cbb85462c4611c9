"""A client of assistantd over its Unix socket."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import cast

import grpc
import numpy as np
from grpc_health.v1 import health_pb2, health_pb2_grpc

from assistant.audio.format import VOICE_RATE, Samples
from assistant.turn.store import Turn
from common.errors import ErrorKind
from services.client.backend import ListenOptions, Reply
from services.client.recording import frames_of, nothing_heard
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import assistant_pb2_grpc as rpc
from services.proto.sotto.v1 import metrics_pb2, recogniser_pb2, recogniser_pb2_grpc
from services.wire.limits import ANNOUNCE_S
from services.wire.messages import turn_from_wire
from services.wire.status import RemoteError, from_rpc

#: Frames per message when audio is sent faster than real time.
_BATCH = 10
#: Seconds within which a running daemon has to answer; on an emulated machine it takes more than two.
_ANSWERS_S = 30.0
#: gRPC also limits one attempt to connect to its minimum back-off; this is longer than `_ANSWERS_S`.
_OPTIONS = (("grpc.min_reconnect_backoff_ms", 60_000),)


class RemoteBackend:
    """The running assistant.

    All methods raise `services.wire.status.RemoteError` with the daemon's code and hint when a call fails.
    """

    def __init__(self, socket: Path) -> None:
        self._channel = grpc.insecure_channel(f"unix:{socket}", options=_OPTIONS)
        self._assistant = rpc.AssistantStub(self._channel)

    def answers(self, timeout: float = _ANSWERS_S) -> bool:
        """Whether a daemon serves on the socket; a busy one is waited for.

        Raises:
            RemoteError: `daemon.busy`: it accepts the connection and does not answer. The caller must not do
                the work itself: a timer would be set in another process, and never ring.
        """
        try:
            reply = health_pb2_grpc.HealthStub(self._channel).Check(
                health_pb2.HealthCheckRequest(), timeout=timeout
            )
        except grpc.RpcError as error:
            self._channel.close()
            if cast(grpc.Call, error).code() is grpc.StatusCode.DEADLINE_EXCEEDED:
                raise RemoteError(
                    f"the assistant is there, but did not answer within {timeout:g} s",
                    hint="it may be very busy: try again, or see how its service is",
                    code="daemon.busy",
                    kind=ErrorKind.UNAVAILABLE,
                ) from error
            return False
        return bool(reply.status == health_pb2.HealthCheckResponse.SERVING)

    def listen(self, audio: Samples, options: ListenOptions) -> list[tuple[Turn, Reply]]:
        """Hear a recording."""
        heard: list[tuple[Turn, Reply]] = []

        def requests() -> Iterator[pb.ConverseRequest]:
            yield pb.ConverseRequest(
                start=pb.ConverseStart(
                    wake=options.wake,
                    realtime=options.realtime,
                    reply_audio=options.reply_audio,
                    label=options.label,
                )
            )
            batch: list[bytes] = []
            frames = frames_of(audio, realtime=options.realtime, more=lambda: options.realtime and not heard)
            for frame in frames:
                batch.append(frame.astype("<i2").tobytes())
                if options.realtime or len(batch) == _BATCH:
                    yield pb.ConverseRequest(audio=b"".join(batch))
                    batch.clear()
            if batch:
                yield pb.ConverseRequest(audio=b"".join(batch))

        reply = Reply()
        try:
            for response in self._assistant.Converse(requests()):
                match response.WhichOneof("payload"):
                    case "audio":
                        reply.rate = response.audio.sample_rate
                        reply.parts.append(np.frombuffer(response.audio.pcm, "<i2"))
                    case "turn":
                        heard.append((turn_from_wire(response.turn), reply))
                        reply = Reply()
        except grpc.RpcError as error:
            raise from_rpc(error) from error
        return heard or [(nothing_heard(options.label), Reply())]

    def ask(self, query: str) -> Turn:
        """Answer a typed sentence."""
        try:
            for response in self._assistant.Ask(pb.AskRequest(query=query)):
                if response.WhichOneof("payload") == "turn":
                    return turn_from_wire(response.turn)
        except grpc.RpcError as error:
            raise from_rpc(error) from error
        raise RuntimeError("the answer ended without a turn")

    def say(self, text: str) -> tuple[int, Iterable[Samples]]:
        """Sample rate and chunks of speech."""
        try:
            chunks = list(self._assistant.Synthesize(pb.SynthesizeRequest(text=text)))
        except grpc.RpcError as error:
            raise from_rpc(error) from error
        rate = chunks[0].sample_rate if chunks else VOICE_RATE
        return rate, [np.frombuffer(chunk.pcm, "<i2") for chunk in chunks]

    def announce(self, text: str, *, sound: bytes = b"", chime: bool = True) -> None:
        """Have the box speak, or play a sound file, on its own loudspeaker; returns when that is over.

        Args:
            text: what to say; "" with a sound.
            sound: a WAV, FLAC, Ogg or MP3 file.
            chime: play one first.
        """
        request = pb.AnnounceRequest(text=text, audio=sound, chime=chime)
        try:
            self._assistant.Announce(request, timeout=ANNOUNCE_S)
        except grpc.RpcError as error:
            raise from_rpc(error) from error

    def turns(self, limit: int) -> list[Turn]:
        """Stored turns, newest first."""
        try:
            reply = self._assistant.Turns(pb.TurnsRequest(limit=limit))
        except grpc.RpcError as error:
            raise from_rpc(error) from error
        return [turn_from_wire(turn) for turn in reply.turns]

    def engines(self) -> pb.ListEnginesResponse:
        """The engines of the models, and those of the machine."""
        try:
            answer: pb.ListEnginesResponse = self._assistant.ListEngines(pb.ListEnginesRequest())
        except grpc.RpcError as error:
            raise from_rpc(error) from error
        return answer

    def choose_engine(self, model: str, engine: str) -> pb.ModelEngine:
        """Run a model on another engine from now on; returns when that is done."""
        request = pb.ChooseEngineRequest(model=model, engine=engine)
        try:
            answer: pb.ModelEngine = self._assistant.ChooseEngine(request)
        except grpc.RpcError as error:
            raise from_rpc(error) from error
        return answer

    def home_status(self) -> pb.HomeStatusResponse:
        """Where the devices come from, and the state of the connection to the hub."""
        try:
            answer: pb.HomeStatusResponse = self._assistant.HomeStatus(pb.HomeStatusRequest())
        except grpc.RpcError as error:
            raise from_rpc(error) from error
        return answer

    def box_status(self) -> pb.BoxStatusResponse:
        """What is wrong with files and state, in all parts of the box."""
        try:
            answer: pb.BoxStatusResponse = self._assistant.BoxStatus(pb.BoxStatusRequest())
        except grpc.RpcError as error:
            raise from_rpc(error) from error
        return answer

    def remote_status(self) -> recogniser_pb2.RemoteStatusResponse:
        """How it stands with the remote recogniser."""
        stub = recogniser_pb2_grpc.RemoteRecogniserStub(self._channel)
        try:
            answer: recogniser_pb2.RemoteStatusResponse = stub.Status(recogniser_pb2.RemoteStatusRequest())
        except grpc.RpcError as error:
            raise from_rpc(error) from error
        return answer

    def speech_sent(self) -> int | None:
        """Bytes of speech that were sent to the remote recogniser, as was reported last; None if unknown."""
        try:
            answer = self._assistant.ReadMetrics(metrics_pb2.ReadMetricsRequest())
        except grpc.RpcError as error:
            raise from_rpc(error) from error
        for daemon in answer.daemons:
            for family in daemon.families:
                if daemon.up and family.name == "sotto_remote_speech_bytes_total":
                    return int(sum(sample.value for sample in family.samples))
        return None

    def describe_home(self) -> pb.HomeDescription:
        """Areas, devices and their known states."""
        try:
            answer: pb.HomeDescription = self._assistant.DescribeHome(pb.DescribeHomeRequest())
        except grpc.RpcError as error:
            raise from_rpc(error) from error
        return answer

    def __enter__(self) -> RemoteBackend:
        return self

    def __exit__(self, *_: object) -> None:
        self._channel.close()
