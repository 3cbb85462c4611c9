"""The synthesiser: text to speech, in chunks, so that the first sound comes before the rest is computed."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from assistant.audio.format import Floats, Samples
from assistant.models.catalogue import DEFAULT_LANGUAGE, by_task, choose
from assistant.models.piper_shape import FLOW_LATENT, FRONT_LATENT, FRONT_MASK, INPUTS
from assistant.serving.serving import Serving
from assistant.speech.phonemes import VoiceConfig, phoneme_ids, phonemes, sentences
from common.errors import InvalidInput, TooLarge
from common.settings_file import between
from common.toml_file import shown

#: Samples per latent frame (11.6 ms).
FRAME_SAMPLES = 256
#: Frames on either side that influence the output of the flow: 4 steps of 4 convolutions of width 5.
FLOW_CONTEXT = 32
#: Frames on either side that influence the output of the vocoder; the error, measured, is below -135 dB.
VOCODER_CONTEXT = 12

_FULL_SCALE = 32767.0
_KNEE = 0.8


@dataclass(frozen=True)
class SynthesiserSettings:
    """How replies are spoken.

    Attributes:
        name: which voice of the catalogue; "" for the first one of the language.
        max_chars: longest text that is taken.
        speed: 1 is the voice's own pace, 1.2 is a fifth faster; from 0.5 to 2.
        gain: factor on the voice's own level; what would clip is bent smoothly.
        first_frames: frames (11.6 ms) of the first chunk; the shorter, the sooner one hears it.
        max_frames: chunks double from the first up to this many frames.
        pause_s: silence between sentences.
        threads: threads inside one operator.

    Raises:
        InvalidInput: `model.choice` for a voice that the catalogue does not have.
    """

    name: str = ""
    max_chars: int = field(default=2000, metadata=between(100, 100_000))
    speed: float = field(default=1.0, metadata=between(0.5, 2))
    gain: float = field(default=1.6, metadata=between(0.01, 20))
    first_frames: int = field(default=12, metadata=between(4, 1000))
    max_frames: int = field(default=192, metadata=between(4, 1000))
    pause_s: float = field(default=0.15, metadata=between(0, 10))
    threads: int = field(default=1, metadata=between(1, 64))

    def __post_init__(self) -> None:
        voices = [each.id for each in by_task("tts")]
        if self.name and self.name not in voices:
            raise InvalidInput(
                f"[voice]: there is no voice named {shown(self.name)}",
                hint=f"there are: {', '.join(voices)}",
                code="model.choice",
            )


class Synthesiser:
    """Text to speech by a Piper voice.

    Args:
        serving: holds the prepared graphs and the voice's configuration.
        settings: which voice, pace, level and chunk sizes.
        language: of the text, a two-letter code.

    Raises:
        ModelError: model files are missing.
        InvalidInput: a setting is out of range, or the language has no such voice.

    May be used by several threads; each model run is its own turn.
    """

    def __init__(
        self,
        serving: Serving,
        settings: SynthesiserSettings | None = None,
        language: str = DEFAULT_LANGUAGE,
    ) -> None:
        self._settings = settings or SynthesiserSettings()
        _check_speed(self._settings.speed)
        voice = choose("tts", language, self._settings.name)
        self._config = VoiceConfig.read(serving.store.path(voice.name, voice.file_ending(".onnx.json")))
        threads = self._settings.threads
        self._front = serving.model(f"{voice.name}-front", threads)
        self._flow = serving.model(f"{voice.name}-flow", threads)
        self._vocoder = serving.model(f"{voice.name}-vocoder", threads)
        self._flow_inputs = set(self._flow.inputs)
        self._lock = threading.Lock()

    @property
    def sample_rate(self) -> int:
        """Of the sound, in Hz."""
        return self._config.sample_rate

    @property
    def pause_s(self) -> float:
        """Silence between two sentences, in seconds."""
        return self._settings.pause_s

    def check(self, text: str) -> None:
        """Raise `TooLarge` if the text is longer than `max_chars`."""
        if len(text) > self._settings.max_chars:
            raise TooLarge(
                f"the text has {len(text)} characters, the limit is {self._settings.max_chars}",
                hint="Send it in shorter pieces.",
                code="speech.text-too-long",
            )

    def stream(self, text: str, speed: float = 0.0) -> Generator[Samples, None, None]:
        """Speak a text, chunk by chunk; closing the generator stops the work.

        Sentences are synthesised one after the other. Within a sentence the first chunk is short and later
        ones grow; they join exactly.

        Args:
            text: what to say.
            speed: of this text, 0.5 to 2; 0 for the speed of the settings.

        Yields:
            int16 samples at `sample_rate`.

        Raises:
            InvalidInput: the speed is out of range.
            TooLarge: the text is longer than `max_chars`; raised before the first chunk.
            Unavailable: espeak-ng is not installed.
        """
        self.check(text)
        return self._chunks(text, _check_speed(speed or self._settings.speed))

    def synthesise(self, text: str) -> Samples:
        """The whole sound of a text, int16 at `sample_rate`; empty if nothing can be spoken."""
        return np.concatenate([np.zeros(0, np.int16), *self.stream(text)])

    def _chunks(self, text: str, speed: float) -> Generator[Samples, None, None]:
        pause = np.zeros(int(self._settings.pause_s * self.sample_rate), np.int16)
        for place, sentence in enumerate(sentences(text)):
            spoken = phonemes(sentence, self._config.espeak_voice)
            if place:
                yield pause
            latent, mask = self._run_front(phoneme_ids(spoken, self._config), speed)
            for begin, end in chunk_bounds(
                latent.shape[2], self._settings.first_frames, self._settings.max_frames
            ):
                yield limited(self._sound(latent, mask, begin, end), self._settings.gain)

    def _run_front(self, ids: list[int], speed: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Latent frames [1, 192, F] before the flow, and their mask [1, 1, F]."""
        config = self._config
        scales = (
            config.noise_scale,
            config.length_scale / speed,
            config.noise_width,
        )
        values = (
            np.array([ids], np.int64),
            np.array([len(ids)], np.int64),
            np.array(scales, np.float32),
        )
        with self._lock:
            latent, mask = self._front.run([FRONT_LATENT, FRONT_MASK], dict(zip(INPUTS, values, strict=True)))
        return latent, mask

    def _sound(self, latent: NDArray[np.float32], mask: NDArray[np.float32], begin: int, end: int) -> Floats:
        """Sound of the frames from `begin` to `end`, float32."""
        frames = latent.shape[2]
        near, near_end = max(0, begin - VOCODER_CONTEXT), min(frames, end + VOCODER_CONTEXT)
        far, far_end = max(0, near - FLOW_CONTEXT), min(frames, near_end + FLOW_CONTEXT)
        window = {FRONT_LATENT: latent[:, :, far:far_end], FRONT_MASK: mask[:, :, far:far_end]}
        with self._lock:
            (flowed,) = self._flow.run(
                None, {name: value for name, value in window.items() if name in self._flow_inputs}
            )
            (sound,) = self._vocoder.run(None, {FLOW_LATENT: flowed[:, :, near - far : near_end - far]})
        first = (begin - near) * FRAME_SAMPLES
        flat: Floats = sound.reshape(-1)
        return flat[first : first + (end - begin) * FRAME_SAMPLES]


def _check_speed(speed: float) -> float:
    if not 0.5 <= speed <= 2.0:
        raise InvalidInput(
            f"the speaking speed {speed} is out of range",
            hint="Use a number from 0.5 to 2.",
            code="speech.speed",
        )
    return speed


def chunk_bounds(frames: int, first: int, most: int) -> Iterator[tuple[int, int]]:
    """Cut `frames` into chunks that begin with `first` frames and double up to `most`.

    Yields:
        (begin, end) without gaps. A rest that is too small for a chunk of its own is added to the last one.
    """
    begin, size = 0, max(1, first)
    while begin < frames:
        end = begin + size
        if frames - end < size // 2:
            end = frames
        yield begin, min(end, frames)
        begin, size = end, min(2 * size, max(most, first))


def limited(sound: Floats, gain: float) -> Samples:
    """Convert sound, float32 (n,), to int16 (n,) with a fixed gain and a soft limiter.

    Piper divides each sentence by its own peak. A stream cannot do that, because the peak may still come. So
    the gain is fixed, and peaks are limited smoothly: up to 0.8 of full scale the sound is unchanged; above,
    the curve approaches full scale as a hyperbolic tangent.
    """
    louder = sound * gain
    size = np.abs(louder)
    over = size > _KNEE
    if np.any(over):
        rest = 1.0 - _KNEE
        bent = _KNEE + rest * np.tanh((size - _KNEE) / rest)
        louder = np.where(over, np.copysign(bent, louder), louder)
    return np.round(louder * _FULL_SCALE).astype(np.int16)
