"""Recorded speech to measure with: labelled clips, noise mixed in, pauses made longer, where speech ends."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.audio.files import read_audio
from assistant.audio.format import FRAME_SAMPLES, SAMPLE_RATE, Samples, whole_frames
from common.errors import InvalidInput, NotFound

#: Frame whose energy stands for a recording, samples: the published benchmark's own figure.
_LOUDEST_FRAME = 2048
#: Share of the way, in dB, from the quietest tenth of a recording to its loudest twentieth, from which a
#: 10 ms frame counts as speech.
_SPEECH_FROM = 0.4
#: A gap between words that is no longer is part of them: the closure of a "k" lasts for up to 0.1 s.
PAUSE_MS = 100
#: So many loud frames on end are speech; fewer are a click.
_LEAST_FRAMES = 3
#: Behind a gap of so many frames a stretch must last for so many to be speech and no click or breathing.
_BEHIND_GAPS = ((15, 10), (100, 40))
_MAX_CLIPS = 10_000


@dataclass(frozen=True)
class Clip:
    """One recording. `slots` is what was said, None if it is not known."""

    name: str
    audio: Samples = field(repr=False)
    slots: Mapping[str, str] | None = None


def speech_folder() -> Path:
    """The folder of real speech: `SOTTO_SPEECH`, or `shared/speech` beside the checkout."""
    return Path(os.environ.get("SOTTO_SPEECH") or "../shared/speech")


def clips_of(folder: Path, limit: int | None = None, *, skip_damaged: bool = False) -> list[Clip]:
    """The WAV and FLAC files of a folder, with the slots that its `labels.json` gives them.

    Args:
        folder: its `labels.json`, if there is one, maps file names to objects with `slots`; only files that
            it names are taken then.
        limit: so many of them, spread evenly over the folder.
        skip_damaged: leave out what cannot be read.

    Raises:
        NotFound: `bench.no-clips`, there is no such folder or no recording in it.
        InvalidInput: `bench.labels`, or a recording cannot be read.
    """
    if not folder.is_dir():
        raise NotFound(
            f"{folder} is not a folder of recordings",
            hint="name one with --clips DIR, or set SOTTO_SPEECH",
            code="bench.no-clips",
        )
    labels = _labels(folder / "labels.json")
    names = sorted(labels or (f.name for f in folder.iterdir() if f.suffix in {".wav", ".flac"}))
    if not names:
        raise NotFound(f"{folder} holds no WAV or FLAC files", hint="name another", code="bench.no-clips")
    names = names[:_MAX_CLIPS]
    if limit is not None and limit < len(names):
        names = [names[place * len(names) // limit] for place in range(limit)]
    clips = []
    for name in names:
        try:
            audio = read_audio(folder / name)
        except InvalidInput:
            if not skip_damaged:
                raise
            continue
        clips.append(Clip(name, audio, labels.get(name) if labels else None))
    return clips


def _labels(file: Path) -> dict[str, dict[str, str]]:
    if not file.is_file():
        return {}
    try:
        entries = json.loads(file.read_text())
        return {
            str(name): {str(slot): str(value).strip() for slot, value in entry["slots"].items()}
            for name, entry in entries.items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise InvalidInput(
            f"{file} cannot be used: {error}",
            hint='it maps names of files to objects like {"slots": {"size": "small"}}',
            code="bench.labels",
        ) from error


def with_noise(speech: Samples, noise: Samples, snr_db: float, seed: int) -> Samples:
    """Noise mixed in as the published speech-to-intent benchmark does it.

    The ratio is that of the loudest 2048-sample frames, which is milder than a ratio of means; the sum is
    brought to half of full scale.

    Args:
        speech, noise: 16 kHz; the noise is longer.
        snr_db: signal to noise.
        seed: chooses the place in the noise.

    Raises:
        InvalidInput: `bench.noise`, the noise is too short or silent.
    """
    room = len(noise) - len(speech)
    if room <= 0 or not np.any(noise):
        raise InvalidInput("the noise is silent or shorter than the speech", code="bench.noise")
    at = int(np.random.default_rng(seed).integers(0, room))
    loud, cut = speech.astype(np.float64), noise[at : at + len(speech)].astype(np.float64)
    factor = np.sqrt(_loudest(loud) / (max(_loudest(cut), 1e-9) * 10 ** (snr_db / 10)))
    mixed = loud + factor * cut
    result: Samples = np.round(mixed * (16384 / max(1.0, float(np.max(np.abs(mixed)))))).astype(np.int16)
    return result


def _loudest(sound: NDArray[np.float64]) -> float:
    whole = sound[: max(_LOUDEST_FRAME, len(sound) // _LOUDEST_FRAME * _LOUDEST_FRAME)]
    frames = np.resize(whole, (max(1, len(whole) // _LOUDEST_FRAME), _LOUDEST_FRAME))
    return float(np.max(np.mean(frames**2, axis=1)))


def speech_frames(audio: Samples) -> NDArray[np.bool_]:
    """Which 10 ms frames are loud enough for speech, seen from the whole recording.

    The threshold lies between the quietest tenth of the recording and its loudest twentieth, so that it
    needs no model and does not depend on the level. Clicks of up to 20 ms do not count.
    """
    frames = whole_frames(audio)
    if len(frames) == 0:
        return np.zeros(0, np.bool_)
    level = 10 * np.log10(np.mean(frames.astype(np.float64) ** 2, axis=1) + 1.0)
    quiet, loud = np.percentile(level, (10, 95))
    is_loud: NDArray[np.bool_] = level > quiet + _SPEECH_FROM * (loud - quiet)
    for begin, end in _runs(is_loud):
        if end - begin < _LEAST_FRAMES:
            is_loud[begin:end] = False
    return is_loud


def speech_span(audio: Samples) -> tuple[int, int]:
    """First and last speech sample of a recording by its energy alone; the whole of it if there is none.

    A short sound far behind the rest is a click or a breathing sound, and not counted.
    """
    runs = _runs(speech_frames(audio))
    while len(runs) > 1 and _is_stray(runs[-1], runs[-1][0] - runs[-2][1]):
        del runs[-1]
    while len(runs) > 1 and _is_stray(runs[0], runs[1][0] - runs[0][1]):
        del runs[0]
    if not runs:
        return 0, len(audio)
    return runs[0][0] * FRAME_SAMPLES, runs[-1][1] * FRAME_SAMPLES


def _is_stray(run: tuple[int, int], gap: int) -> bool:
    return any(gap >= least_gap and run[1] - run[0] < least for least_gap, least in _BEHIND_GAPS)


def with_pauses_doubled(audio: Samples) -> Samples:
    """The recording with each pause between its words, of `PAUSE_MS` or longer, said twice."""
    begin, end = speech_span(audio)
    speech = speech_frames(audio)
    parts, at = [], 0
    for first, last in _runs(~speech):
        start, stop = first * FRAME_SAMPLES, last * FRAME_SAMPLES
        if begin < start and stop < end and (stop - start) * 1000 >= PAUSE_MS * SAMPLE_RATE:
            parts += [audio[at:stop], audio[start:stop]]
            at = stop
    return np.concatenate([*parts, audio[at:]])


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """(begin, end) of each stretch of true flags."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(begin), int(end)) for begin, end in edges.reshape(-1, 2)]
