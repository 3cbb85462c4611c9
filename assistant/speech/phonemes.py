"""Text to the phoneme ids of a Piper voice."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap

from assistant.speech.espeak import clause_phonemes
from common.errors import ModelError

_START, _END, _PAD = "^", "$", "_"
#: Marks that the voice was trained to hear as pauses and melody; espeak-ng drops them, so the text
#: is cut at them and they are put back. Not within a number or an abbreviation such as "3.5".
_CLAUSE = re.compile(r"(.*?)([,.?!;:]+)(?=\s|$)", re.DOTALL)
_SENTENCE = re.compile(r".*?[.?!]+(?=\s|$)|.+$", re.DOTALL)
_CLAUSE_END = re.compile(r".*?[,;:]+(?=\s|$)|.+$", re.DOTALL)
_LONG_SENTENCE = 240


@dataclass(frozen=True)
class VoiceConfig:
    """What the synthesiser needs of a Piper voice's `.onnx.json`.

    Attributes:
        sample_rate: of the sound, in Hz.
        espeak_voice: voice that gives the phonemes.
        noise_scale: how much the melody varies.
        length_scale: seconds per second; above 1 is slower.
        noise_width: how much the rhythm varies.
        ids: ids of each phoneme.
    """

    sample_rate: int
    espeak_voice: str
    noise_scale: float
    length_scale: float
    noise_width: float
    ids: Mapping[str, tuple[int, ...]]

    @classmethod
    def read(cls, path: Path) -> VoiceConfig:
        """Read the configuration; raises `ModelError` if it is not one."""
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            inference = raw["inference"]
            return cls(
                int(raw["audio"]["sample_rate"]),
                str(raw["espeak"]["voice"]),
                float(inference["noise_scale"]),
                float(inference["length_scale"]),
                float(inference["noise_w"]),
                {phoneme: tuple(ids) for phoneme, ids in raw["phoneme_id_map"].items()},
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(
                f"{path} is not the configuration of a Piper voice: {error!r}",
                hint="Run `make setup` to fetch the models again.",
                code="model.damaged",
            ) from error


def sentences(text: str) -> Iterator[str]:
    """Cut a text into sentences, and very long ones at commas or spaces so none takes long."""
    for match in _SENTENCE.finditer(text):
        sentence = match.group().strip()
        if len(sentence) <= _LONG_SENTENCE:
            pieces = [sentence]
        else:
            pieces = _joined(part.group().strip() for part in _CLAUSE_END.finditer(sentence))
        yield from (piece for piece in pieces if any(char.isalnum() for char in piece))


def _joined(clauses: Iterator[str]) -> list[str]:
    """Neighbouring clauses put together as long as they stay short."""
    pieces: list[str] = []
    for clause in (part for whole in clauses for part in wrap(whole, _LONG_SENTENCE)):
        if pieces and len(pieces[-1]) + len(clause) < _LONG_SENTENCE:
            pieces[-1] += " " + clause
        else:
            pieces.append(clause)
    return pieces


def phonemes(sentence: str, voice: str) -> str:
    """Phonemes of one sentence with its punctuation; decomposed characters, as Piper trains on.

    Raises:
        Unavailable: espeak-ng is not installed.
    """
    parts: list[str] = []
    place = 0
    for match in _CLAUSE.finditer(sentence):
        spoken = clause_phonemes(match.group(1), voice)
        if spoken or parts:
            parts.append(spoken + match.group(2)[0])
        place = match.end()
    if rest := clause_phonemes(sentence[place:], voice):
        parts.append(rest)
    return unicodedata.normalize("NFD", " ".join(parts))


def phoneme_ids(spoken: str, config: VoiceConfig) -> list[int]:
    """The ids of phonemes with padding between them; phonemes unknown to the voice are left out."""
    pad = config.ids[_PAD]
    ids = [*config.ids[_START], *pad]
    for phoneme in spoken:
        if known := config.ids.get(phoneme):
            ids += [*known, *pad]
    return [*ids, *config.ids[_END]]
