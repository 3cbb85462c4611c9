"""Voice activity detection (VAD) in two stages: a cheap gate, and a network behind it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from assistant.audio.format import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE, Samples
from assistant.hearing.pre_roll import PreRoll
from assistant.hearing.silero import WINDOW_SAMPLES
from assistant.hearing.vad_gate import VadGate
from common.settings_file import between

_SAMPLES_PER_MS = SAMPLE_RATE // 1000


class SpeechNetwork(Protocol):
    """The second stage, such as `Silero`: gives a probability of speech for each window of 32 ms."""

    #: Samples taken that belong to no complete window yet.
    pending: int

    def process(self, frame: Samples) -> float | None:
        """Take a frame, int16 (160,); gives the probability of speech, 0 to 1, if it completes a window."""

    def reset(self) -> None:
        """Forget the stream so far."""


@dataclass(frozen=True)
class ActivitySettings:
    """When a probability of the VAD network means speech.

    Attributes:
        speech_above: speech begins at this probability (silero-vad's own value).
        silence_below: speech continues down to this probability (0.15 less, as in silero-vad).
        release_ms: speech is over when the probability has been lower for this long; the pause is counted
            from its first sample.
        pre_roll_ms: how much audio from before the VAD gate opened is given to the network.
        onset_pad_ms: the onset is set this much before the first window of speech, because the network
            recognises a soft first consonant too late.
    """

    speech_above: float = field(default=0.5, metadata=between(0, 1))
    silence_below: float = field(default=0.35, metadata=between(0, 1))
    release_ms: int = field(default=96, metadata=between(0, 10_000))
    pre_roll_ms: int = field(default=320, metadata=between(0, 5000))
    onset_pad_ms: int = field(default=200, metadata=between(0, 5000))


@dataclass(frozen=True)
class Activity:
    """Voice activity after a frame. Positions are samples since the stream began.

    Attributes:
        is_speech: whether somebody speaks, or has paused for less than `release_ms`.
        probability: newest output of the network, 0 to 1; 0 while it does not run.
        gate_open: whether the VAD gate is open.
        started: whether speech began with this frame.
        ended_silence_ms: time since the last speech sample of this turn, or since its start if there is none.
        speech_ms: time from the first to the last speech sample of this turn, pauses included.
        onset: position of the first speech sample of this turn, less `onset_pad_ms`; None if there is none.
        last_speech: position of the end of the last speech of this turn; None if there is none.
        position: samples so far.
    """

    is_speech: bool
    probability: float
    gate_open: bool
    started: bool
    ended_silence_ms: int
    speech_ms: int
    onset: int | None
    last_speech: int | None
    position: int


class VoiceActivity:
    """Detects speech in one stream. The network runs only while the gate is open or somebody speaks.

    Args:
        gate: the first stage.
        network: the second stage.
        settings: thresholds and times.
    """

    def __init__(
        self, gate: VadGate, network: SpeechNetwork, settings: ActivitySettings | None = None
    ) -> None:
        self._gate = gate
        self._network = network
        self._settings = settings or ActivitySettings()
        self._pre_roll = PreRoll(max(1, self._settings.pre_roll_ms // FRAME_MS))
        self._network_runs = False
        self._speaking = False
        self._probability = 0.0
        self._position = 0
        self._turn_from = 0
        self._first_speech: int | None = None
        self._last_speech: int | None = None
        self._below_since: int | None = None

    def process(self, frame: Samples) -> Activity:
        """Take a frame, int16 (160,).

        Raises:
            InvalidInput: `hearing.frame` for a frame of another shape or type.
        """
        self._position += FRAME_SAMPLES
        gate_open = self._gate.process(frame)
        was_speaking = self._speaking
        if gate_open or self._speaking:
            self._run_network(frame)
        else:
            if self._network_runs:
                self._network.reset()
                self._network_runs = False
                self._probability = 0.0
            self._pre_roll.keep(frame)
        return self._activity(gate_open, self._speaking and not was_speaking)

    def new_turn(self, start: int | None = None) -> None:
        """Count speech and silence from `start` on, for example after a wake word.

        Args:
            start: position where the turn begins, such as `Detection.end`; the newest sample by default.
        """
        self._turn_from = self._position if start is None else min(start, self._position)
        self._first_speech = None
        self._last_speech = None
        self._below_since = None
        self._speaking = False

    def _run_network(self, frame: Samples) -> None:
        if not self._network_runs:
            self._network_runs = True
            start = self._position - FRAME_SAMPLES * (len(self._pre_roll) + 1)
            for number, earlier in enumerate(self._pre_roll.frames(), 1):
                self._run_window(earlier, start + number * FRAME_SAMPLES)
            self._pre_roll.clear()
        self._run_window(frame, self._position)

    def _run_window(self, frame: Samples, position: int) -> None:
        """Give the network the frame that ends at `position`, and follow its result if there is one."""
        probability = self._network.process(frame)
        if probability is not None:
            self._probability = probability
            self._follow(probability, position - self._network.pending)

    def _follow(self, probability: float, end: int) -> None:
        begin = max(0, end - WINDOW_SAMPLES)
        settings = self._settings
        if probability >= (settings.silence_below if self._speaking else settings.speech_above):
            self._speaking = True
            self._below_since = None
            # A window may begin before the turn; that part does not belong to it.
            begin = max(begin, self._turn_from)
            if self._first_speech is None:
                self._first_speech = begin
            self._last_speech = max(end, begin)
            return
        if self._below_since is None:
            self._below_since = begin
        if end - self._below_since >= settings.release_ms * _SAMPLES_PER_MS:
            self._speaking = False

    def _activity(self, gate_open: bool, started: bool) -> Activity:
        first, last = self._first_speech, self._last_speech
        speech = last - first if first is not None and last is not None else 0
        since = self._turn_from if last is None else last
        pad = self._settings.onset_pad_ms * _SAMPLES_PER_MS
        return Activity(
            is_speech=self._speaking,
            probability=self._probability,
            gate_open=gate_open,
            started=started,
            ended_silence_ms=(self._position - since) // _SAMPLES_PER_MS,
            speech_ms=speech // _SAMPLES_PER_MS,
            onset=None if first is None else max(self._turn_from, first - pad),
            last_speech=last,
            position=self._position,
        )
