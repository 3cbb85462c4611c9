"""Settings of the assistant, from a TOML file; every field has a default that works."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.audio.echo import AudioSettings
from assistant.audio.microphone import MicrophoneSettings
from assistant.audio.speaker import SpeakerSettings
from assistant.hearing.activity import ActivitySettings
from assistant.speech.recogniser import RecogniserSettings
from assistant.speech.speech_cache import SpeechCacheSettings
from assistant.speech.synthesiser import SynthesiserSettings
from assistant.turn.endpointing import EndpointingSettings
from assistant.turn.hub_turn import HubPipelineSettings
from assistant.turn.settings import ConversationSettings
from common.errors import NotFound
from common.paths import config_dir
from common.settings_file import fill, read_table


@dataclass(frozen=True)
class WakeWordSettings:
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
    #: The devices are those of a hub: `home` is not used, and a connector attaches itself.
    hub: bool = False
    sentences: tuple[Path, ...] = ()
    builtin_sentences: bool = True
    audio: AudioSettings = field(default_factory=AudioSettings)
    microphone: MicrophoneSettings = field(default_factory=MicrophoneSettings)
    speaker: SpeakerSettings = field(default_factory=SpeakerSettings)
    activity: ActivitySettings = field(default_factory=ActivitySettings)
    wake: WakeWordSettings = field(default_factory=WakeWordSettings)
    conversation: ConversationSettings = field(default_factory=ConversationSettings)
    turn_end: EndpointingSettings = field(default_factory=EndpointingSettings)
    handover: HubPipelineSettings = field(default_factory=HubPipelineSettings)
    recogniser: RecogniserSettings = field(default_factory=RecogniserSettings)
    voice: SynthesiserSettings = field(default_factory=SynthesiserSettings)
    ready_voice: SpeechCacheSettings = field(default_factory=SpeechCacheSettings)
    store: StoreSettings = field(default_factory=StoreSettings)


def load_settings(path: Path | None = None) -> Settings:
    """Read settings from `path`, or from `assistant.toml` in the settings folder if it is there.

    `home.toml` and `sentences/` beside the file are used when the file names no others; `connector.toml`
    beside it says that the devices are a hub's.

    Raises:
        NotFound: `path` was given and does not exist.
        InvalidInput: the file is no TOML, has an unknown key, or a value of the wrong kind.
    """
    folder = path.parent if path else config_dir()
    file = path or folder / "assistant.toml"
    table: dict[str, Any] = {}
    if file.is_file():
        table = read_table(file)
    elif path is not None:
        raise NotFound(
            f"the settings file {path} does not exist",
            hint="check the path, or leave it out to use the defaults",
            code="settings.missing",
        )
    settings: Settings = fill(Settings, table, file)
    home = settings.home or (folder / "home.toml" if (folder / "home.toml").is_file() else None)
    sentences = settings.sentences or ((folder / "sentences",) if (folder / "sentences").is_dir() else ())
    return dataclasses.replace(
        settings,
        home=folder / home if home else None,
        hub=settings.hub or (folder / "connector.toml").is_file(),
        sentences=tuple(folder / directory for directory in sentences),
    )
