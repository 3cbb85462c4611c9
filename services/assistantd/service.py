"""The gRPC service of the assistant: each method of the wire contract, nothing else."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import grpc

from assistant.assistant import Assistant
from assistant.audio.encode import StreamEncoder
from assistant.audio.format import SAMPLE_RATE
from common.errors import SottoError, Unavailable
from services.assistantd import household
from services.assistantd.announce import Announcer, requested_announcement
from services.assistantd.ask import Ask
from services.assistantd.attach import AttachHome
from services.assistantd.calls import place, unary
from services.assistantd.client_sound import client_sound
from services.assistantd.converse import Converse
from services.assistantd.metric_reports import MetricReports
from services.assistantd.satellite import Satellite
from services.assistantd.sound_budget import RECORDING_BYTES, SoundBudget
from services.assistantd.wake_words import wake_words
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import assistant_pb2_grpc as rpc
from services.proto.sotto.v1 import metrics_pb2
from services.wire.engines import choose_engine, engines_of
from services.wire.faults import status_of, take_report
from services.wire.limits import MAX_CONVERSATIONS, MAX_WATCHERS
from services.wire.messages import event_to_wire, model_to_wire, transcript_to_wire, turn_to_wire
from services.wire.status import abort

#: Recordings that are recognised, or wait for it.
MAX_RECORDINGS = 24
#: Announcements that wait until the box is free.
MAX_ANNOUNCEMENTS = 4
#: One hub answers the turns of the room; others are muted, or are about to take over.
MAX_SATELLITES = 4


class AssistantService(rpc.AssistantServicer):
    """Serves one `Assistant`; every typed error ends its call with the status that belongs to it.

    Args:
        assistant: answers.
        announcer: plays announcements in the room.
        reports: metrics of all daemons.
    """

    def __init__(self, assistant: Assistant, announcer: Announcer, reports: MetricReports) -> None:
        self._assistant = assistant
        self._ask = Ask(assistant)
        self._reports = reports
        self._announcer = announcer
        self._sound = SoundBudget()
        self._recordings = threading.BoundedSemaphore(MAX_RECORDINGS)
        self._announcements = threading.BoundedSemaphore(MAX_ANNOUNCEMENTS)
        self._satellites = threading.BoundedSemaphore(MAX_SATELLITES)
        # Each conversation holds its own ears (about 2 MB) and shares the models.
        self._conversations = threading.BoundedSemaphore(MAX_CONVERSATIONS)
        self._watchers = threading.BoundedSemaphore(MAX_WATCHERS)

    def Converse(  # noqa: N802
        self, request_iterator: Iterator[pb.ConverseRequest], context: grpc.ServicerContext
    ) -> Iterator[pb.ConverseResponse]:
        """Audio in; events, reply audio and finished turns out."""
        try:
            with place(self._conversations, f"{MAX_CONVERSATIONS} conversations are open"):
                yield from Converse(self._assistant, request_iterator).responses()
        except SottoError as error:
            abort(context, error)

    def DetectWakeWords(  # noqa: N802
        self, request_iterator: Iterator[pb.DetectRequest], context: grpc.ServicerContext
    ) -> Iterator[pb.WakeWord]:
        """Audio in, wake words out."""
        try:
            with place(self._conversations, f"{MAX_CONVERSATIONS} conversations are open"):
                yield from wake_words(self._assistant, request_iterator)
        except SottoError as error:
            abort(context, error)

    def Ask(  # noqa: N802
        self, request: pb.AskRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.AskResponse]:
        """A typed sentence in; its events as they happen, and the finished turn out."""
        try:
            yield from self._ask.responses(request, context)
        except SottoError as error:
            abort(context, error)

    def Transcribe(  # noqa: N802
        self, request: pb.TranscribeRequest, context: grpc.ServicerContext
    ) -> pb.TranscribeResponse:
        """A recording in, its words out."""

        def work() -> pb.TranscribeResponse:
            limit_s = self._assistant.settings.recogniser.max_audio_s
            with (
                place(self._recordings, f"{MAX_RECORDINGS} recordings are heard"),
                self._sound.share(len(request.audio) + RECORDING_BYTES),
            ):
                audio = client_sound(request.audio, request.sample_rate, limit_s, SAMPLE_RATE)
                transcript = self._assistant.transcribe(audio, free=request.free)
            return transcript_to_wire(transcript)

        return unary(work, context)

    def Synthesize(  # noqa: N802
        self, request: pb.SynthesizeRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.SynthesizeResponse]:
        """A text in, speech out as it is made, in the format asked for."""
        try:
            rate = self._assistant.voice.sample_rate
            encoder = StreamEncoder(request.format or "pcm", rate, request.sample_rate)
            for chunk in self._assistant.synthesise(request.text, request.speed):
                if data := encoder.feed(chunk):
                    yield pb.SynthesizeResponse(pcm=data, sample_rate=encoder.rate)
            if data := encoder.finish():
                yield pb.SynthesizeResponse(pcm=data, sample_rate=encoder.rate)
        except SottoError as error:
            abort(context, error)

    def Announce(  # noqa: N802
        self, request: pb.AnnounceRequest, context: grpc.ServicerContext
    ) -> pb.AnnounceResponse:
        """A text or a sound in; ends when it was played in the room."""

        def work() -> pb.AnnounceResponse:
            with place(self._announcements, f"{MAX_ANNOUNCEMENTS} announcements wait"):
                with self._sound.share(len(request.audio) + RECORDING_BYTES if request.audio else 0):
                    what = requested_announcement(request, self._assistant.voice.sample_rate)
                self._announcer.announce(what, chime=request.chime, wanted=context.is_active)
            return pb.AnnounceResponse()

        return unary(work, context)

    def Satellite(  # noqa: N802
        self, request_iterator: Iterator[pb.SatelliteRequest], context: grpc.ServicerContext
    ) -> Iterator[pb.SatelliteResponse]:
        """Speech of the room out to a hub; its answers in."""
        try:
            with place(self._satellites, f"{MAX_SATELLITES} hubs are there"):
                conversation = self._announcer.conversation
                if conversation is None:
                    raise Unavailable("there is no room", hint="this is no box", code="satellite.no-room")
                satellite = Satellite(self._assistant, conversation.hub, request_iterator)
                context.add_callback(satellite.close)
                yield from satellite.responses()
        except SottoError as error:
            abort(context, error)

    def ListModels(  # noqa: N802
        self, request: pb.ListModelsRequest, context: grpc.ServicerContext
    ) -> pb.ListModelsResponse:
        """The catalogue, and whether each model is there."""

        def work() -> pb.ListModelsResponse:
            models = self._assistant.models()
            return pb.ListModelsResponse(models=[model_to_wire(entry, state) for entry, state in models])

        return unary(work, context)

    def ListEngines(  # noqa: N802
        self, request: pb.ListEnginesRequest, context: grpc.ServicerContext
    ) -> pb.ListEnginesResponse:
        """The engines of the models, and those of the machine."""
        return unary(lambda: engines_of(self._assistant.serving), context)

    def ChooseEngine(  # noqa: N802
        self, request: pb.ChooseEngineRequest, context: grpc.ServicerContext
    ) -> pb.ModelEngine:
        """A model and an engine in; ends when it runs there."""
        return unary(lambda: choose_engine(self._assistant.serving, request), context)

    def Turns(  # noqa: N802
        self, request: pb.TurnsRequest, context: grpc.ServicerContext
    ) -> pb.TurnsResponse:
        """Stored turns, newest first."""

        def work() -> pb.TurnsResponse:
            turns = self._assistant.turns.newest(min(request.limit or 20, 1000))
            return pb.TurnsResponse(turns=[turn_to_wire(turn) for turn in turns])

        return unary(work, context)

    def Watch(  # noqa: N802
        self, request: pb.WatchRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.Event]:
        """Every event from now on, until the client leaves."""
        try:
            with (
                place(self._watchers, f"{MAX_WATCHERS} clients are watching"),
                self._assistant.bus.subscribe() as subscription,
            ):
                context.add_callback(subscription.close)
                # So that a client can know that it misses nothing from here on.
                context.send_initial_metadata(())
                for event in subscription:
                    yield event_to_wire(event)
        except SottoError as error:
            abort(context, error)

    def ListTimers(  # noqa: N802
        self, request: pb.ListTimersRequest, context: grpc.ServicerContext
    ) -> pb.ListTimersResponse:
        """Timers that have not ended."""
        return unary(lambda: household.timers(self._assistant), context)

    def StartTimer(  # noqa: N802
        self, request: pb.StartTimerRequest, context: grpc.ServicerContext
    ) -> pb.Timer:
        """A length and a name in, the timer out."""
        return unary(lambda: household.start_timer(self._assistant, request), context)

    def CancelTimer(  # noqa: N802
        self, request: pb.CancelTimerRequest, context: grpc.ServicerContext
    ) -> pb.Timer:
        """An id in, the timer as it was out."""
        return unary(lambda: household.cancel_timer(self._assistant, request), context)

    def DescribeHome(  # noqa: N802
        self, request: pb.DescribeHomeRequest, context: grpc.ServicerContext
    ) -> pb.HomeDescription:
        """Areas, devices and their state."""
        return unary(lambda: household.describe_home(self._assistant), context)

    def Act(self, request: pb.ActRequest, context: grpc.ServicerContext) -> pb.Device:  # noqa: N802
        """A command to a device in, its state afterwards out."""
        return unary(lambda: household.act(self._assistant, request), context)

    def AttachHome(  # noqa: N802
        self, request_iterator: Iterator[pb.HomeReport], context: grpc.ServicerContext
    ) -> Iterator[pb.HomeCommand]:
        """Reports of a connector in, commands to its hub out."""
        try:
            attached = AttachHome(self._assistant, request_iterator)
            context.add_callback(attached.close)
            # So that the connector knows that it is attached, before there is any command.
            context.send_initial_metadata(())
            yield from attached.commands()
        except SottoError as error:
            abort(context, error)

    def HomeStatus(  # noqa: N802
        self, request: pb.HomeStatusRequest, context: grpc.ServicerContext
    ) -> pb.HomeStatusResponse:
        """Where the devices come from, and the state of the connection to the hub."""
        return unary(lambda: household.home_status(self._assistant), context)

    def ReadMetrics(  # noqa: N802
        self, request: metrics_pb2.ReadMetricsRequest, context: grpc.ServicerContext
    ) -> metrics_pb2.ReadMetricsResponse:
        """The metrics of this daemon, and of those that report here."""
        return unary(self._reports.read, context)

    def ReportMetrics(  # noqa: N802
        self, request: metrics_pb2.ReportMetricsRequest, context: grpc.ServicerContext
    ) -> metrics_pb2.ReportMetricsResponse:
        """The metrics of another daemon in."""

        def work() -> metrics_pb2.ReportMetricsResponse:
            self._reports.put(request.metrics)
            return metrics_pb2.ReportMetricsResponse()

        return unary(work, context)

    def BoxStatus(  # noqa: N802
        self, request: pb.BoxStatusRequest, context: grpc.ServicerContext
    ) -> pb.BoxStatusResponse:
        """What is wrong and left out, in all parts of the box."""
        return unary(lambda: status_of(self._assistant.faults), context)

    def ReportFaults(  # noqa: N802
        self, request: pb.ReportFaultsRequest, context: grpc.ServicerContext
    ) -> pb.ReportFaultsResponse:
        """The faults of another daemon in."""

        def work() -> pb.ReportFaultsResponse:
            take_report(request, self._assistant.faults)
            return pb.ReportFaultsResponse()

        return unary(work, context)
