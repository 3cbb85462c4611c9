"""Settings of the assistant, from a TOML file; every field has a default that works."""

from __future__ import annotations

import dataclasses
import tomllib
import types
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.audio.microphone import MicrophoneSettings
from assistant.audio.speaker import SpeakerSettings
from assistant.conversation import ConversationSettings
from assistant.errors import InvalidInput, NotFound
from assistant.hearing.activity import ActivitySettings
from assistant.hearing.turn_end import TurnEndSettings
from assistant.paths import config_dir
from assistant.speech.recogniser import RecogniserSettings
from assistant.speech.synthesiser import SynthesiserSettings

_LIMIT_BYTES = 256 * 1024


@dataclass(frozen=True)
class WakeSettings:
    """Wake words that are listened for, each with the probability from which it counts.

    A threshold of 0 means the model's own. The names are those of the catalogue without `wake-`.
    """

    okay_nabu: float = 0.0
    hey_jarvis: float = 0.0
    hey_mycroft: float = 0.0
    alexa: float = 0.0
    #: Words that are not listened for at all.
    off: tuple[str, ...] = ()

    def thresholds(self) -> dict[str, float]:
        """Name -> threshold of the words that are on."""
        words = ("okay_nabu", "hey_jarvis", "hey_mycroft", "alexa")
        return {name: getattr(self, name) for name in words if name not in self.off}


@dataclass(frozen=True)
class StoreSettings:
    """What is kept of past turns; recordings only if the owner switches them on."""

    turns: int = 1000
    keep_audio: bool = False


@dataclass(frozen=True)
class Settings:
    """Everything an owner can set. Relative paths are taken from the settings file's folder."""

    language: str = "en"
    home: Path | None = None
    sentences: tuple[Path, ...] = ()
    builtin_sentences: bool = True
    microphone: MicrophoneSettings = field(default_factory=MicrophoneSettings)
    speaker: SpeakerSettings = field(default_factory=SpeakerSettings)
    activity: ActivitySettings = field(default_factory=ActivitySettings)
    wake: WakeSettings = field(default_factory=WakeSettings)
    conversation: ConversationSettings = field(default_factory=ConversationSettings)
    turn_end: TurnEndSettings = field(default_factory=TurnEndSettings)
    recogniser: RecogniserSettings = field(default_factory=RecogniserSettings)
    voice: SynthesiserSettings = field(default_factory=SynthesiserSettings)
    store: StoreSettings = field(default_factory=StoreSettings)


def load_settings(path: Path | None = None) -> Settings:
    """Read settings from `path`, or from `assistant.toml` in the settings folder if it is there.

    `home.toml` and `sentences/` beside the file are used when the file names no others.

    Raises:
        NotFound: `path` was given and does not exist.
        InvalidInput: the file is no TOML, has an unknown key, or a value of the wrong kind.
    """
    folder = path.parent if path else config_dir()
    file = path or folder / "assistant.toml"
    table: dict[str, Any] = {}
    if file.is_file():
        table = _read(file)
    elif path is not None:
        raise NotFound(
            f"the settings file {path} does not exist",
            hint="check the path, or leave it out to use the defaults",
            code="settings.missing",
        )
    settings: Settings = _build(Settings, table, file, ())
    home = settings.home or (folder / "home.toml" if (folder / "home.toml").is_file() else None)
    sentences = settings.sentences or ((folder / "sentences",) if (folder / "sentences").is_dir() else ())
    return dataclasses.replace(
        settings,
        home=folder / home if home else None,
        sentences=tuple(folder / directory for directory in sentences),
    )


def _read(file: Path) -> dict[str, Any]:
    if file.stat().st_size > _LIMIT_BYTES:
        raise InvalidInput(
            f"{file} is larger than {_LIMIT_BYTES // 1024} kB",
            hint="a settings file is a few lines; is this the right file?",
            code="settings.too-large",
        )
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"{file} is not valid TOML: {error}", hint="mend the line named", code="settings.syntax"
        ) from error


def _build(cls: type[Any], table: dict[str, Any], file: Path, where: tuple[str, ...]) -> Any:
    hints = typing.get_type_hints(cls)
    fields = {f.name: f for f in dataclasses.fields(cls)}
    values: dict[str, Any] = {}
    for key, value in table.items():
        place = ".".join((*where, key))
        if key not in fields:
            raise InvalidInput(
                f"{file}: unknown setting {place}",
                hint=f"known here: {', '.join(sorted(fields))}",
                code="settings.unknown",
            )
        values[key] = _value(hints[key], value, file, (*where, key))
    return cls(**values)


def _value(hint: Any, value: Any, file: Path, where: tuple[str, ...]) -> Any:
    if dataclasses.is_dataclass(hint) and isinstance(value, dict):
        return _build(typing.cast(type[Any], hint), value, file, where)
    kinds = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    for kind in kinds:
        if kind is Path and isinstance(value, str):
            return Path(value)
        if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        if typing.get_origin(kind) is tuple and isinstance(value, list):
            inner = typing.get_args(kind)[0]
            return tuple(_value(inner, item, file, where) for item in value)
        if kind in (bool, int, str) and type(value) is kind:
            return value
    names = " or ".join(getattr(kind, "__name__", str(kind)) for kind in kinds)
    raise InvalidInput(
        f"{file}: {'.'.join(where)} = {value!r} is not a {names}",
        hint="see docs/settings.md for every setting and its kind",
        code="settings.kind",
    )
