"""The hub pipeline of the room over the wire: speech goes out to the hub, its answers and sounds come in."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Iterator
from contextlib import suppress
from time import monotonic, sleep

import grpc

from assistant.assistant import Assistant
from assistant.audio.format import Samples
from assistant.audio.incoming import IncomingSound
from assistant.events import EventKind
from assistant.turn.hub_port import HubPort
from assistant.turn.utterance import Speech
from common.errors import Conflict, InvalidInput, SottoError, TooLarge, Unavailable
from services.assistantd.announce import PATIENCE_S
from services.proto.sotto.v1 import assistant_pb2 as pb

log = logging.getLogger(__name__)

#: Messages that wait for a hub that reads slowly; most are 30 ms of sound. With more, the call is ended.
MAX_QUEUED = 1000
#: Sounds that wait to be played.
MAX_SOUNDS = 2
MAX_PIECE_BYTES = 1024 * 1024
#: Characters that are kept of each text of a hub.
MAX_TEXT = 1000
_MAX_ID = 64
_POLL_S = 0.5
_NAP_S = 0.05


class Satellite:
    """Serves one hub until it leaves, sends something wrong, or another hub takes its place. It is the
    `PipelineHub` of the conversation.

    Args:
        assistant: whose voice and timers they are.
        port: into the conversation of the room.
        requests: the hub's messages; the first carries `attach`.

    Raises (from `responses`):
        InvalidInput: a message that cannot be used.
        Conflict: another hub has taken its place.
        Unavailable: it does not read.
    """

    def __init__(self, assistant: Assistant, port: HubPort, requests: Iterator[pb.SatelliteRequest]) -> None:
        self._assistant = assistant
        self._port = port
        self._requests = requests
        self._out: queue.Queue[pb.SatelliteResponse | None] = queue.Queue(MAX_QUEUED)
        self._sounds: queue.Queue[IncomingSound | None] = queue.Queue(MAX_SOUNDS + 1)
        self._sound: IncomingSound | None = None
        self._playing: IncomingSound | None = None
        self._end: SottoError | None = None
        #: Nothing more is sent; and, a moment later, another hub may attach.
        self._over = threading.Event()
        self._closed = threading.Event()

    def responses(self) -> Iterator[pb.SatelliteResponse]:
        """Take over the turns of the room, and yield what the hub is sent."""
        first = next(self._requests, None)
        if first is None or first.WhichOneof("payload") != "attach":
            raise InvalidInput(
                "the first message of a hub must carry `attach`",
                hint="send SatelliteRequest(attach=...) first",
                code="satellite.no-attach",
            )
        if not first.attach.muted:
            self._port.attach(self)
        threading.Thread(target=self._read, name="hub", daemon=True).start()
        threading.Thread(target=self._play_all, name="hub sounds", daemon=True).start()
        try:
            yield pb.SatelliteResponse(attached=pb.SatelliteAttached(takes=self._port.takes))
            while not self._over.is_set():
                with suppress(queue.Empty):
                    response = self._out.get(timeout=_POLL_S)
                    if response is None:
                        break
                    yield response
            if self._end is not None:
                raise self._end
        finally:
            self.close()

    def close(self) -> None:
        """The hub has gone."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._over.set()
        self._port.detach(self)
        self._assistant.hub_timers.forget()
        for sound in (self._sound, self._playing):
            if sound is not None:
                sound.cut()
        for line in (self._out, self._sounds):
            with suppress(queue.Full):
                line.put_nowait(None)

    # -- called by the conversation; see `assistant.turn.hub_turn.PipelineHub` ------------------------

    def begin(self, word: str, at_s: float) -> None:
        """A turn for the hub begins."""
        self._send(pb.SatelliteResponse(wake=pb.WakeWord(name=word, end_s=at_s)))

    def hear(self, samples: Samples) -> None:
        """Audio of the turn."""
        self._send(pb.SatelliteResponse(audio=samples.astype("<i2").tobytes()))

    def end(self) -> None:
        """The utterance is over."""
        self._send(pb.SatelliteResponse(speech_end=pb.SpeechEnd()))

    def replaced(self) -> None:
        """Another hub has taken over."""
        self._give_up(Conflict("another hub has taken the seat", hint="use one hub", code="satellite.taken"))

    def _send(self, response: pb.SatelliteResponse) -> None:
        try:
            self._out.put_nowait(response)
        except queue.Full:
            slow = f"{MAX_QUEUED} messages wait to be read"
            self._give_up(Unavailable(slow, hint="read them", code="satellite.slow-reader"))

    def _give_up(self, error: SottoError | None) -> None:
        # Not `close`: the caller may be in the middle of a turn and hold the lock of the conversation.
        self._end = self._end or error
        self._over.set()
        with suppress(queue.Full):
            self._out.put_nowait(None)  # wakes the reader of the queue at once

    # -- told by the hub -----------------------------------------------------------------------------

    def _read(self) -> None:
        error: SottoError | None = None
        try:
            for request in self._requests:
                if self._closed.is_set():
                    return
                self._take(request)
        except SottoError as mistake:
            error = mistake
        except grpc.RpcError:
            log.info("a hub went away")
        except Exception:
            log.exception("serving a hub failed")
            error = SottoError("serving a hub failed", hint="the log of the assistant says why")
        self._give_up(error)

    def _take(self, request: pb.SatelliteRequest) -> None:
        port = self._port
        match request.WhichOneof("payload"):
            case "transcript":
                port.transcript(self, request.transcript[:MAX_TEXT])
            case "reply":
                port.reply(self, request.reply[:MAX_TEXT])
            case "error":
                port.failed(self, request.error.code[:MAX_TEXT], request.error.text[:MAX_TEXT])
            case "heard_enough":
                port.end_of_speech(self)
            case "sound_start":
                self._begin_sound(request.sound_start)
            case "sound":
                self._add_to_sound(request.sound)
            case "sound_end":
                self._end_sound()
            case "timer":
                self._timer(request.timer)
            case "mute" if request.mute.muted:
                port.detach(self, quietly=True)
            case "mute":
                port.attach(self)
            case _:
                raise InvalidInput(
                    "a message of a hub that carries nothing, or `attach` again",
                    hint="send `attach` once",
                    code="satellite.message",
                )

    def _begin_sound(self, rate: int) -> None:
        self._end_sound()
        sound = IncomingSound(rate, self._assistant.voice.sample_rate)
        if self._sounds.qsize() >= MAX_SOUNDS:
            log.warning("a hub sends more sounds than can be played")
            self._played(whole=False)
            return
        self._sounds.put_nowait(sound)
        self._sound = sound

    def _add_to_sound(self, pcm: bytes) -> None:
        if len(pcm) > MAX_PIECE_BYTES:
            raise TooLarge(
                f"a piece of sound of {len(pcm)} bytes; the limit is {MAX_PIECE_BYTES}",
                hint="send 10 to 100 ms a message",
                code="audio.message",
            )
        if self._sound is not None:
            try:
                self._sound.put(pcm)
            except TooLarge as error:
                log.warning("a hub's sound is cut: %s", error)
                self._sound = None

    def _end_sound(self) -> None:
        if self._sound is not None:
            self._sound.end()
            self._sound = None

    def _timer(self, told: pb.HubTimer) -> None:
        book, key, name = self._assistant.hub_timers, told.id[:_MAX_ID], told.name[:MAX_TEXT]
        match told.what:
            case "started":
                with suppress(TooLarge):
                    book.started(key, told.length_s, name)
            case "cancelled":
                book.cancelled(key)
            case "finished":
                book.finished(key, self._assistant.clock())
            case "updated":
                pass  # the hub itself runs the timer; the event below is all that is done here
            case _:
                raise InvalidInput(
                    f"a timer that is {told.what[:40]!r}",
                    hint="known: started, updated, cancelled, finished",
                    code="satellite.timer",
                )
        self._assistant.bus.publish(EventKind.HUB, state=f"timer-{told.what}", id=key, name=name)

    # -- playing -------------------------------------------------------------------------------------

    def _play_all(self) -> None:
        while (sound := self._sounds.get()) is not None:
            try:
                self._playing = sound
                self._played(whole=self._play(sound))
            except Exception:
                log.exception("playing a hub's sound failed")

    def _play(self, sound: IncomingSound) -> bool:
        """Play a sound when the box is free; whether all of it was played."""
        done, stopped = threading.Event(), threading.Event()
        heard = [False]

        def stop() -> None:
            stopped.set()
            sound.cut()

        def ended(finished: bool) -> None:
            heard[0] = finished and sound.is_whole
            done.set()

        def is_missed() -> bool:
            return not (sound.is_whole or stopped.is_set())

        speech = Speech(sound.chunks(), self._assistant.voice.sample_rate, stop)
        give_up = monotonic() + PATIENCE_S
        while not self._port.play(self, speech, is_missed, ended):
            if self._closed.is_set() or monotonic() > give_up:
                sound.cut()
                return False
            sleep(_NAP_S)
        done.wait()
        return heard[0]

    def _played(self, *, whole: bool) -> None:
        self._send(pb.SatelliteResponse(played=pb.Played(whole=whole)))
