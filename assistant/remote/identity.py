"""What decides about the words that a recogniser finds, for two machines that want to find the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from assistant.models.catalogue import choose
from assistant.speech.recogniser import RecogniserSettings

_ASSISTANT = Path(__file__).resolve().parent.parent
#: Code that decides about the words, and the packages that it stands on.
_CODE = ("speech", "understanding", "models/moonshine*")
_PACKAGES = ("hassil", "unicode-rbnf")


@dataclass(frozen=True)
class RecogniserIdentity:
    """A recogniser. Two with the same identity find the same words, but for the rounding of their processors.

    Attributes:
        language: of the speech.
        code: digest of the code.
        model: digest of the model's files.
        settings: digest of the settings.
    """

    language: str
    code: str
    model: str
    settings: str

    def differs_in(self, other: RecogniserIdentity) -> tuple[str, str] | None:
        """A stable name and words for what is not the same; None if all is."""
        for name, words in (
            ("language", "it recognises another language"),
            ("code", "it runs another version of Sotto"),
            ("model", "its recogniser is another model"),
            ("settings", "its settings of the recogniser are others"),
        ):
            if getattr(self, name) != getattr(other, name):
                return name, words
        return None


def recogniser_identity(language: str, settings: RecogniserSettings) -> RecogniserIdentity:
    """The identity of this machine's recogniser; reads some 80 files of code.

    Args:
        language: of the speech.
        settings: of the recogniser; the number of threads and of remembered grammars changes no words.
    """
    model = choose("asr", language)
    return RecogniserIdentity(
        language,
        _digest([*_code(), *(f"{name} {version(name)}" for name in _PACKAGES)]),
        _digest([model.name, *(f"{file.basename} {file.sha256}" for file in model.files)]),
        _digest(
            map(
                repr,
                (
                    settings.max_audio_s,
                    settings.min_audio_s,
                    settings.max_tokens,
                    settings.bias,
                    settings.beam,
                    settings.rejection,
                ),
            )
        ),
    )


def _code() -> Iterable[str]:
    for pattern in _CODE:
        folder = _ASSISTANT / pattern
        files = folder.rglob("*.py") if folder.is_dir() else _ASSISTANT.glob(f"{pattern}.py")
        for path in sorted(files):
            yield f"{path.relative_to(_ASSISTANT)} {hashlib.sha256(path.read_bytes()).hexdigest()}"


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
