"""Microphone and loudspeaker through PortAudio, on the null sinks of a real PulseAudio server.

A sound server on a busy machine loses and delays samples. Therefore these tests check that sound arrives, not
that every sample does.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest

from assistant.audio import portaudio
from assistant.audio.chimes import tone
from assistant.audio.convert import level_dbfs
from assistant.audio.devices import choose
from assistant.audio.files import write_wav
from assistant.audio.format import FRAME_SAMPLES, SAMPLE_RATE, Samples, whole_frames
from assistant.audio.microphone import DeviceState, Microphone, MicrophoneSettings
from assistant.audio.playback import PlaybackReference
from assistant.audio.speaker import Speaker, SpeakerSettings
from common.errors import NotFound, Unavailable
from services.bench.virtual_sound import SPEAKER_RATE, PulseServer, until, why_not


@pytest.fixture(scope="module")
def pulse() -> Iterator[PulseServer]:
    if reason := why_not():
        pytest.skip(reason)
    try:
        portaudio.library()
    except Unavailable as error:
        pytest.skip(str(error))
    server = PulseServer()
    before = {name: os.environ.get(name) for name in server.environment}
    try:
        if not server.start():
            pytest.skip("PulseAudio does not start here")
        os.environ.update(server.environment)
        assert portaudio.rescan()
        yield server
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        server.stop()
        portaudio.rescan()


class FrameReader:
    """Reads the frames of a microphone in a thread of its own."""

    def __init__(self, settings: MicrophoneSettings) -> None:
        self.frames: list[Samples] = []
        self.states: list[DeviceState] = []
        self.microphone = Microphone(settings, self.states.append)
        self._thread = threading.Thread(target=self._read, daemon=True)

    def _read(self) -> None:
        for frame in self.microphone.frames():
            self.frames.append(frame.copy())

    def __enter__(self) -> FrameReader:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.microphone.close()
        self._thread.join(5)
        assert not self._thread.is_alive()

    def receives(self, count: int) -> bool:
        """Whether `count` more frames arrive."""
        before = len(self.frames)
        return until(lambda: len(self.frames) >= before + count)

    def kinds(self) -> list[str]:
        return [state.kind for state in self.states]


def loud_frames(samples: Samples, threshold: float = -35.0) -> int:
    whole = whole_frames(samples)
    return sum(level_dbfs(frame) > threshold for frame in whole)


MICROPHONE = MicrophoneSettings(device="pulse")
SPEAKER = SpeakerSettings(device="pulse")


def test_a_clip_that_is_played_is_heard(pulse: PulseServer, tmp_path: Path) -> None:
    clip = tone(SAMPLE_RATE, 440, 1.5)
    write_wav(tmp_path / "clip.wav", clip)
    with FrameReader(MICROPHONE) as reader:
        assert reader.receives(20)
        pulse.speak(tmp_path / "clip.wav").wait(20)
        assert reader.receives(50)
    assert all(frame.shape == (FRAME_SAMPLES,) for frame in reader.frames)
    assert loud_frames(np.concatenate(reader.frames)) >= loud_frames(clip) // 2


def test_a_microphone_with_another_rate_is_heard_at_ours(pulse: PulseServer, tmp_path: Path) -> None:
    clip = tone(48_000, 440, 1.0)
    write_wav(tmp_path / "clip.wav", clip, 48_000)
    with FrameReader(MICROPHONE) as reader:
        assert reader.receives(20)
        pulse.speak(tmp_path / "clip.wav").wait(20)
        assert reader.receives(30)
    heard = np.concatenate(reader.frames).astype(np.float64)
    peak = int(np.argmax(np.abs(np.fft.rfft(heard)))) * SAMPLE_RATE / len(heard)
    assert abs(peak - 440) < 10


def test_frames_resume_after_the_microphone_vanished(pulse: PulseServer) -> None:
    with FrameReader(MICROPHONE) as reader:
        assert reader.receives(20)
        # PulseAudio moves a stream whose source is gone to another one, so there must be none.
        pulse.unplug("speaker")
        pulse.unplug("microphone")
        try:
            assert until(lambda: "lost" in reader.kinds())
        finally:
            pulse.plug_microphone()
            pulse.plug_speaker()
        reader.microphone.request_rescan()
        assert until(lambda: "reopened" in reader.kinds())
        assert reader.receives(50)
    assert reader.kinds()[0] == "opened"
    assert next(state for state in reader.states if state.kind == "lost").reason


def test_a_slow_reader_loses_the_oldest_and_it_is_counted(pulse: PulseServer) -> None:
    microphone = Microphone(MicrophoneSettings(device="pulse", queue_ms=50))
    try:
        microphone.open()
        assert until(lambda: microphone.dropped > 0)
    finally:
        microphone.close()


def test_the_microphone_lets_the_library_look_for_devices(pulse: PulseServer) -> None:
    with FrameReader(MICROPHONE) as reader:
        assert reader.receives(10)
        assert portaudio.rescan()
        assert reader.receives(10)


def test_a_relaxed_microphone_gives_the_same_frames(pulse: PulseServer) -> None:
    with FrameReader(MICROPHONE) as reader:
        reader.microphone.relaxed = True
        assert reader.receives(60)
        reader.microphone.relaxed = False
        assert reader.receives(10)
    assert all(frame.shape == (FRAME_SAMPLES,) for frame in reader.frames)


def test_an_unknown_microphone_is_named_beside_those_there_are(pulse: PulseServer) -> None:
    with pytest.raises(NotFound, match=r"'granny'.*'pulse'"):
        Microphone(MicrophoneSettings(device="granny")).open()


def test_the_device_is_found_by_a_part_of_its_name(pulse: PulseServer) -> None:
    device = choose("output", "PULS")
    assert device is not None and device.name == "pulse"


def test_what_is_played_comes_out_of_the_speaker(pulse: PulseServer) -> None:
    speaker = Speaker(SPEAKER)
    tap = pulse.tap()
    first: list[bool] = []
    try:
        speaker.prepare(SPEAKER_RATE)
        finished = speaker.play(
            [tone(SPEAKER_RATE, 500, 0.5), tone(SPEAKER_RATE, 500, 0.5)],
            SPEAKER_RATE,
            lambda: first.append(True),
        )
        assert until(lambda: loud_frames(tap.samples()) >= 50)
    finally:
        tap.close()
        speaker.close()
    assert finished
    assert first == [True]
    heard = tap.samples().astype(np.float64)
    peak = int(np.argmax(np.abs(np.fft.rfft(heard)))) * SPEAKER_RATE / len(heard)
    assert abs(peak - 500) < 10


def test_speech_can_be_interrupted(pulse: PulseServer) -> None:
    speaker = Speaker(SPEAKER)
    closed: list[bool] = []
    taken: list[int] = []

    def endless() -> Iterator[Samples]:
        try:
            for number in range(10_000):
                taken.append(number)
                yield tone(SPEAKER_RATE, 300, 0.1)
        finally:
            closed.append(True)

    try:
        finished = speaker.play(endless(), SPEAKER_RATE, lambda: threading.Timer(0.3, speaker.stop).start())
    finally:
        speaker.close()
    assert not finished
    assert closed == [True]
    assert len(taken) < 10_000


def test_a_synthesiser_that_fails_in_mid_reply_does_not_harm_the_next(pulse: PulseServer) -> None:
    speaker = Speaker(SPEAKER)

    def failing() -> Iterator[Samples]:
        yield tone(SPEAKER_RATE, 300, 0.3)
        raise ValueError("no more words")

    try:
        with pytest.raises(ValueError, match="no more words"):
            speaker.play(failing(), SPEAKER_RATE)
        assert speaker.play([tone(SPEAKER_RATE, 500, 0.2)], SPEAKER_RATE)
    finally:
        speaker.close()


def test_a_reply_at_another_rate_follows(pulse: PulseServer) -> None:
    speaker = Speaker(SPEAKER)
    try:
        assert speaker.play([tone(SPEAKER_RATE, 500, 0.2)], SPEAKER_RATE)
        assert speaker.play([tone(SAMPLE_RATE, 500, 0.2)], SAMPLE_RATE)
        assert speaker.play([tone(48_000, 500, 0.2)], 48_000)
    finally:
        speaker.close()


def test_a_speaker_that_vanishes_is_an_error_and_the_next_reply_is_heard(
    pulse: PulseServer,
) -> None:
    speaker = Speaker(SpeakerSettings(device="pulse", stall_s=5))
    unplug = threading.Thread(target=pulse.unplug, args=("speaker",))
    # PulseAudio moves a stream whose sink is gone to another one, so there must be none.
    pulse.unplug("microphone")
    try:
        with pytest.raises(Unavailable, match="lost"):
            speaker.play([tone(SPEAKER_RATE, 500, 30)], SPEAKER_RATE, unplug.start)
        unplug.join(20)
        pulse.plug_speaker()
        assert speaker.play([tone(SPEAKER_RATE, 500, 0.2)], SPEAKER_RATE)
    finally:
        speaker.close()
        pulse.plug_microphone()


def test_a_speaker_replugged_between_replies_is_used_again(pulse: PulseServer) -> None:
    speaker = Speaker(SpeakerSettings(device="pulse"))
    try:
        assert speaker.play([tone(SPEAKER_RATE, 500, 0.2)], SPEAKER_RATE)
        pulse.unplug("microphone")
        pulse.unplug("speaker")
        pulse.plug_speaker()
        pulse.plug_microphone()
        speaker.request_rescan()
        assert speaker.play([tone(SPEAKER_RATE, 500, 0.2)], SPEAKER_RATE)
    finally:
        speaker.close()


def test_the_reference_receives_what_the_loudspeaker_gets_with_its_gain(pulse: PulseServer) -> None:
    reference = PlaybackReference()
    speaker = Speaker(SpeakerSettings(device="pulse", volume=0.5), reference)
    clip = tone(SPEAKER_RATE, 440, 1.0)
    begun = perf_counter()
    assert speaker.play([clip], SPEAKER_RATE)
    ended = perf_counter()
    speaker.close()
    frames = [reference.frame(begun + number / 100) for number in range(int(100 * (ended - begun)) + 10)]
    told = np.concatenate([frame for frame in frames if frame is not None])
    assert loud_frames(told, -60) >= 80
    assert level_dbfs(told) < level_dbfs(clip) - 10
