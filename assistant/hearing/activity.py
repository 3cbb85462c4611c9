"""Voice activity: a cheap gate decides when to look, a neural judge decides what is speech."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Protocol

from assistant.audio.format import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE, Samples
from assistant.hearing.silero import WINDOW_SAMPLES
from assistant.hearing.vad_gate import VadGate

_SAMPLES_PER_MS = SAMPLE_RATE // 1000


class Judge(Protocol):
    """What says how likely speech is, window by window, as `Silero` does."""

    pending: int

    def process(self, frame: Samples) -> float | None:
        """Take 10 ms; the probability of speech when a window is full."""

    def reset(self) -> None:
        """Forget the stream so far."""


@dataclass(frozen=True)
class ActivitySettings:
    """When the judge's probability means speech.

    Attributes:
        speech_above: speech begins at this probability (the value silero-vad itself uses).
        silence_below: speech goes on down to this one (0.15 less, as silero-vad has it).
        release_ms: speech is over after so long below; pauses are counted from their first sample.
        pre_roll_ms: how much of what came before the gate opened the judge is shown.
        onset_pad_ms: how much earlier than the first window of speech the onset is put, because a
            soft first consonant is judged too late.
    """

    speech_above: float = 0.5
    silence_below: float = 0.35
    release_ms: int = 96
    pre_roll_ms: int = 320
    onset_pad_ms: int = 200


@dataclass(frozen=True)
class Activity:
    """What is heard after a frame. Positions are samples since the stream began.

    Attributes:
        is_speech: somebody is speaking, or paused for less than the release time.
        probability: the judge's last word, 0 while it does not look.
        gate_open: whether it is worth looking at all.
        started: speech began with this frame.
        ended_silence_ms: since the last speech sample of this turn, or since its start without one.
        speech_ms: from the first to the last speech sample of this turn, pauses included.
        onset: where to begin listening for this turn: its first speech, set back by the pad; None
            before there is any.
        last_speech: where the last speech ended, None before there is any.
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
    """Follows one stream of frames. The judge rests while the gate is closed and nobody speaks."""

    def __init__(self, gate: VadGate, judge: Judge, settings: ActivitySettings | None = None) -> None:
        self._gate = gate
        self._judge = judge
        self._settings = settings or ActivitySettings()
        frames = max(1, self._settings.pre_roll_ms // FRAME_MS)
        self._pre_roll: deque[Samples] = deque(maxlen=frames)
        self._looking = False
        self._speaking = False
        self._probability = 0.0
        self._position = 0
        self._turn_from = 0
        self._first_speech: int | None = None
        self._last_speech: int | None = None
        self._below_since: int | None = None

    def process(self, frame: Samples) -> Activity:
        """Take a frame, int16 (160,)."""
        self._position += FRAME_SAMPLES
        gate_open = self._gate.process(frame)
        was_speaking = self._speaking
        if gate_open or self._speaking:
            self._look(frame)
        else:
            if self._looking:
                self._judge.reset()
                self._looking = False
                self._probability = 0.0
            self._pre_roll.append(frame)
        return self._activity(gate_open, self._speaking and not was_speaking)

    def new_turn(self, start: int | None = None) -> None:
        """Count speech and silence afresh, as when a wake word has just been heard.

        Args:
            start: position where the turn begins, such as `Detection.end`; here if not given.
        """
        self._turn_from = self._position if start is None else min(start, self._position)
        self._first_speech = None
        self._last_speech = None
        self._below_since = None
        self._speaking = False

    def _look(self, frame: Samples) -> None:
        frames = [frame]
        if not self._looking:
            self._looking = True
            frames = [*self._pre_roll, frame]
            self._pre_roll.clear()
        start = self._position - len(frames) * FRAME_SAMPLES
        for number, each in enumerate(frames, 1):
            probability = self._judge.process(each)
            if probability is not None:
                self._probability = probability
                self._judged(probability, start + number * FRAME_SAMPLES - self._judge.pending)

    def _judged(self, probability: float, end: int) -> None:
        begin = max(0, end - WINDOW_SAMPLES)
        settings = self._settings
        if probability >= (settings.silence_below if self._speaking else settings.speech_above):
            self._speaking = True
            self._below_since = None
            # A window may reach back over the start of the turn; what lies before is another's.
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
