"""Converts text to the phoneme ids of a Piper voice."""

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
#: Punctuation that the voice speaks as pauses and intonation, as it was trained. espeak-ng drops it, so the
#: text is split at it, and it is put back. A point within a number or an abbreviation ("3.5") does not split.
_CLAUSE = re.compile(r"(.*?)([,.?!;:]+)(?=\s|$)", re.DOTALL)
_SENTENCE = re.compile(r".*?[.?!]+(?=\s|$)|.+$", re.DOTALL)
_CLAUSE_END = re.compile(r".*?[,;:]+(?=\s|$)|.+$", re.DOTALL)
_LONG_SENTENCE = 240


@dataclass(frozen=True)
class VoiceConfig:
    """What the synthesiser needs of a Piper voice's `.onnx.json`.

    Attributes:
        sample_rate: of the sound, in Hz.
        espeak_voice: espeak-ng voice for the phonemes.
        noise_scale: how much the intonation varies.
        length_scale: factor on the duration; above 1 is slower.
        noise_width: how much the durations of phonemes vary.
        ids: phoneme -> its ids.
    """

    sample_rate: int
    espeak_voice: str
    noise_scale: float
    length_scale: float
    noise_width: float
    ids: Mapping[str, tuple[int, ...]]

    @classmethod
    def read(cls, path: Path) -> VoiceConfig:
        """Read the configuration; raises ModelError `model.damaged` if it is not one."""
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
    """Split a text into sentences; longer ones than 240 characters also at commas or spaces.

    A short sentence bounds the time until its sound begins.
    """
    for match in _SENTENCE.finditer(text):
        sentence = match.group().strip()
        if len(sentence) <= _LONG_SENTENCE:
            pieces = [sentence]
        else:
            pieces = _joined(part.group().strip() for part in _CLAUSE_END.finditer(sentence))
        yield from (piece for piece in pieces if any(char.isalnum() for char in piece))


def _joined(clauses: Iterator[str]) -> list[str]:
    """Join neighbouring clauses up to 240 characters."""
    pieces: list[str] = []
    for clause in (part for whole in clauses for part in wrap(whole, _LONG_SENTENCE)):
        if pieces and len(pieces[-1]) + len(clause) < _LONG_SENTENCE:
            pieces[-1] += " " + clause
        else:
            pieces.append(clause)
    return pieces


def phonemes(sentence: str, voice: str) -> str:
    """Phonemes of one sentence with its punctuation, as decomposed characters (NFD), as Piper is trained.

    Raises:
        Unavailable, InvalidInput: see `clause_phonemes`.
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
    """The ids of phonemes with padding between them; phonemes that the voice does not have are left out."""
    pad = config.ids[_PAD]
    ids = [*config.ids[_START], *pad]
    for phoneme in spoken:
        if known := config.ids.get(phoneme):
            ids += [*known, *pad]
    return [*ids, *config.ids[_END]]
