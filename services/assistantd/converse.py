"""One conversation over the wire: audio in; events, reply audio and turns out."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Iterator
from contextlib import suppress
from time import monotonic

import grpc
import numpy as np

from assistant.assistant import Assistant
from assistant.audio.convert import Resampler
from assistant.audio.format import FRAME_SAMPLES, SAMPLE_RATE, Samples
from assistant.audio.stream_sink import StreamSink
from assistant.turn.settings import ConversationSettings
from common.errors import InvalidInput, SottoError, TooLarge, Unavailable
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.wire.messages import event_to_wire, turn_to_wire

log = logging.getLogger(__name__)

#: Responses that wait for a client that reads slowly; with more, the conversation is ended.
MAX_QUEUED = 2000
#: One audio message; 10 s of 48 kHz audio.
MAX_AUDIO_BYTES = 960_000
#: Seconds without audio after which a conversation is ended, so that another can begin.
IDLE_S = 300.0


class Converse:
    """Runs a conversation until the client closes its side, disconnects, or sends something wrong.

    Args:
        assistant: answers.
        requests: the client's messages; the first carries `start`.

    Raises (from `responses`):
        InvalidInput, TooLarge: a message that cannot be used.
        Unavailable: the client reads too slowly, or sent nothing for `IDLE_S` seconds.
    """

    def __init__(self, assistant: Assistant, requests: Iterator[pb.ConverseRequest]) -> None:
        first = next(requests, None)
        if first is None or first.WhichOneof("payload") != "start":
            raise InvalidInput(
                "the first message of a conversation must carry `start`",
                hint="send ConverseRequest(start=...) before any audio",
                code="converse.no-start",
            )
        self._start = first.start
        self._requests = requests
        self._limit_s = assistant.settings.recogniser.max_audio_s
        self._heard_at = monotonic()
        self._all_heard = False
        self._out: queue.Queue[pb.ConverseResponse | SottoError | None] = queue.Queue(MAX_QUEUED)
        self._closed = threading.Event()
        self._too_slow = False
        start = self._start
        self._endpointing = start.wake or start.realtime
        self._frames = frames_of(self._audio(), start.sample_rate or SAMPLE_RATE)
        self._conversation = assistant.conversation(
            StreamSink(self._send_audio if start.reply_audio else None, paced=start.realtime),
            ConversationSettings(
                wake=start.wake,
                realtime=start.realtime,
                endpointing=self._endpointing,
                echo_free=start.echo_free,
            ),
            label=start.label[:200],
            uncached_voice=start.fresh_voice,
            on_event=lambda event: self._send(pb.ConverseResponse(event=event_to_wire(event))),
            on_turn=lambda turn: self._send(pb.ConverseResponse(turn=turn_to_wire(turn))),
        )

    def responses(self) -> Iterator[pb.ConverseResponse]:
        """Listen in a thread, and yield events, audio and turns."""
        threading.Thread(target=self._listen, name="converse", daemon=True).start()
        try:
            while (response := self._next()) is not None:
                if isinstance(response, SottoError):
                    raise response
                yield response
        finally:
            self.close()

    def close(self) -> None:
        """End it: nothing more is sent, and playback stops."""
        self._closed.set()
        self._conversation.close()
        with suppress(queue.Full):
            self._out.put_nowait(None)

    def _next(self) -> pb.ConverseResponse | SottoError | None:
        while True:
            if self._too_slow:
                raise Unavailable(
                    f"{MAX_QUEUED} responses wait to be read",
                    hint="read the responses while sending audio",
                    code="converse.slow-reader",
                )
            try:
                return self._out.get(timeout=1.0)
            except queue.Empty:
                # A client that has sent all of its audio waits for the answer, however slow the box is.
                if not self._all_heard and monotonic() - self._heard_at > IDLE_S:
                    raise Unavailable(
                        f"no audio came for {IDLE_S:.0f} s",
                        hint="open a conversation when there is something to hear",
                        code="converse.idle",
                    ) from None

    def _listen(self) -> None:
        end: SottoError | None = None
        heard = 0
        try:
            for frame in self._frames:
                if self._closed.is_set():
                    return
                heard += len(frame)
                if not self._endpointing and heard > self._limit_s * SAMPLE_RATE:
                    raise TooLarge(
                        f"a command is at most {self._limit_s:.0f} s long",
                        hint="set `realtime` or `wake` for a stream without an end",
                        code="audio.too-long",
                    )
                self._conversation.feed(frame)
                if not self._start.realtime:
                    self._conversation.wait()
            self._conversation.end_of_stream()
        except SottoError as error:
            end = error
        except grpc.RpcError:
            log.info("the client of a conversation went away")
        except Exception:
            log.exception("a conversation failed")
            end = SottoError("hearing failed", hint="the log of the assistant says why")
        finally:
            self._put(end)

    def _audio(self) -> Iterator[bytes]:
        for request in self._requests:
            self._heard_at = monotonic()
            yield audio_of(request, "converse.no-audio")
        self._all_heard = True

    def _send_audio(self, samples: Samples, rate: int) -> None:
        chunk = pb.AudioChunk(pcm=samples.astype("<i2").tobytes(), sample_rate=rate)
        self._send(pb.ConverseResponse(audio=chunk))

    def _send(self, response: pb.ConverseResponse) -> None:
        if self._closed.is_set():
            return
        try:
            self._out.put_nowait(response)
        except queue.Full:
            self._too_slow = True

    def _put(self, end: SottoError | None) -> None:
        """Queue the end; wait for space in the queue only while the client reads."""
        while not self._closed.is_set():
            with suppress(queue.Full):
                self._out.put(end, timeout=0.5)
                return


def audio_of(request: pb.ConverseRequest | pb.DetectRequest, code: str) -> bytes:
    """The audio of a message of a stream; each message after the first carries some.

    Args:
        request: the message.
        code: of the error where it carries no audio.

    Raises:
        InvalidInput: no audio.
        TooLarge: more than `MAX_AUDIO_BYTES`.
    """
    if request.WhichOneof("payload") != "audio":
        raise InvalidInput(
            "a message after the first carries no audio",
            hint="send `start` once, then `audio` only",
            code=code,
        )
    if len(request.audio) > MAX_AUDIO_BYTES:
        raise TooLarge(
            f"an audio message of {len(request.audio)} bytes; the limit is {MAX_AUDIO_BYTES}",
            hint="send 10 to 100 ms of audio a message",
            code="audio.message",
        )
    return request.audio


def samples_of(pcm: bytes, rate: int) -> Samples:
    """Samples of bare PCM; half a sample at the end is dropped.

    Raises:
        InvalidInput: a rate outside 8 to 48 kHz.
    """
    _check_rate(rate)
    return np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(np.int16)


def frames_of(parts: Iterator[bytes], rate: int) -> Iterator[Samples]:
    """10 ms frames at 16 kHz from PCM in pieces of any size; the last one is padded with silence.

    Raises:
        InvalidInput: a rate outside 8 to 48 kHz.
    """
    _check_rate(rate)
    return _frames_of(parts, Resampler(rate, SAMPLE_RATE) if rate != SAMPLE_RATE else None)


def _check_rate(rate: int) -> None:
    if not 8_000 <= rate <= 48_000:
        raise InvalidInput(
            f"a sample rate of {rate} Hz is not supported",
            hint="send audio between 8000 and 48000 Hz",
            code="audio.rate",
        )


def _frames_of(parts: Iterator[bytes], resampler: Resampler | None) -> Iterator[Samples]:
    odd, rest = b"", np.zeros(0, np.int16)
    for part in parts:
        data = odd + part
        even = len(data) // 2 * 2
        samples, odd = np.frombuffer(data[:even], "<i2").astype(np.int16), data[even:]
        if resampler is not None:
            samples = resampler.process(samples)
        rest = np.concatenate([rest, samples])
        whole = len(rest) // FRAME_SAMPLES * FRAME_SAMPLES
        yield from rest[:whole].reshape(-1, FRAME_SAMPLES)
        rest = rest[whole:]
    if resampler is not None:
        rest = np.concatenate([rest, resampler.flush()])
    rest = np.pad(rest, (0, -len(rest) % FRAME_SAMPLES))
    yield from rest.reshape(-1, FRAME_SAMPLES)
