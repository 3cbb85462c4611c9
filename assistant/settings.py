"""Settings of the assistant, from a TOML file; every field has a default that works.

To add a setting, add a field and its line under `Attributes:` to the dataclass of its section.
docs/settings.md is made from them by `make docs`.
"""

from __future__ import annotations

import dataclasses
import logging
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.audio.echo import AudioSettings
from assistant.audio.microphone import MicrophoneSettings
from assistant.audio.speaker import SpeakerSettings
from assistant.hearing.activity import ActivitySettings
from assistant.models.catalogue import DEFAULT_LANGUAGE, LANGUAGES, WAKE_WORDS, choose
from assistant.remote.settings import LendSettings, RemoteSettings
from assistant.scheduling.settings import SchedulingSettings
from assistant.serving.choices import EngineSettings
from assistant.serving.engine import AUTO
from assistant.serving.entries import check_engine
from assistant.speech.recogniser import RecogniserSettings
from assistant.speech.speech_cache import SpeechCacheSettings
from assistant.speech.synthesiser import SynthesiserSettings
from assistant.turn.endpointing import EndpointingSettings
from assistant.turn.hub_turn import HubPipelineSettings
from assistant.turn.settings import ConversationSettings
from common.errors import InvalidInput, NotFound
from common.faults import Fault
from common.paths import config_dir
from common.settings_file import (
    between,
    fill,
    fill_usable,
    is_there,
    keyed_by,
    read_table,
    read_usable_table,
)
from common.toml_file import shown, shown_key

log = logging.getLogger(__name__)

_NAME = "assistant.toml"
#: Former name of a section -> its name. Owners have files with the former ones.
RENAMED = {"turn_end": "endpointing", "ready_voice": "speech_cache", "handover": "hub_pipeline"}


@dataclass(frozen=True)
class WakeWordSettings:
    """Which wake words are listened for. The words are those of the catalogue.

    Attributes:
        own: the probability, 0 to 1, from which this wake word counts; 0 means the model's own.
        off: words that are not listened for.

    Raises:
        InvalidInput: `settings.wake` for a word that the catalogue does not have.
    """

    own: dict[str, float] = field(default_factory=dict, metadata={**keyed_by(WAKE_WORDS), **between(0, 1)})
    off: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for word in (*self.own, *self.off):
            if word not in WAKE_WORDS:
                raise InvalidInput(
                    f"[wake]: there is no wake word {shown(word)}",
                    hint=f"there are: {', '.join(WAKE_WORDS)}",
                    code="settings.wake",
                )

    def thresholds(self) -> dict[str, float]:
        """Name -> threshold of the words that are listened for; 0 means the model's own."""
        return {word: self.own.get(word, 0.0) for word in WAKE_WORDS if word not in self.off}


@dataclass(frozen=True)
class StoreSettings:
    """What is kept of past turns.

    Attributes:
        turns: number of records that are kept.
        keep_audio: whether recordings of what was heard are kept, too.
    """

    turns: int = field(default=1000, metadata=between(1, 1_000_000))
    keep_audio: bool = False


@dataclass(frozen=True)
class Settings:
    """What an owner can set. Relative paths are taken from the folder of the settings file.

    More than twelve attributes: one attribute for each section of the settings file.

    Attributes:
        engine: what runs the models: the id of an engine (`sotto models engine` shows them), or "auto".
        language: what is understood and spoken, a two-letter code.
        home: the file of areas and devices; `home.toml` beside this file if it is there.
        hub: whether the devices are those of a hub. Then `home` is not used, and a connector attaches itself.
            True by itself where there is a `connector.toml`.
        sentences: folders of hassil YAML files; `sentences` beside this file if it is there.
        builtin_sentences: whether the sentences that come with Sotto are understood, too.
        audio: what is done to sound before it is heard.
        microphone: how sound is recorded.
        speaker: how sound is played.
        activity: voice activity detection.
        wake: wake words.
        conversation: how a stream is turned into turns.
        endpointing: how much silence ends an utterance, depending on its words.
        hub_pipeline: what a hub that runs the satellite answers instead of the box.
        recogniser: speech to text.
        remote: a paired machine that recognises speech instead of this one.
        lend: what this machine recognises for other boxes.
        voice: text to speech.
        speech_cache: replies that are kept or made ahead.
        store: what is kept of past turns.
        engines: models that run on another engine than `engine` says.
        scheduling: how devices and engines are chosen.

    Raises:
        InvalidInput: `engine.unknown`, `language.unknown`, or `model.choice` for a voice of another language.
    """

    engine: str = AUTO
    language: str = DEFAULT_LANGUAGE
    home: Path | None = None
    hub: bool = False
    sentences: tuple[Path, ...] = ()
    builtin_sentences: bool = True
    audio: AudioSettings = field(default_factory=AudioSettings)
    microphone: MicrophoneSettings = field(default_factory=MicrophoneSettings)
    speaker: SpeakerSettings = field(default_factory=SpeakerSettings)
    activity: ActivitySettings = field(default_factory=ActivitySettings)
    wake: WakeWordSettings = field(default_factory=WakeWordSettings)
    conversation: ConversationSettings = field(default_factory=ConversationSettings)
    endpointing: EndpointingSettings = field(default_factory=EndpointingSettings)
    hub_pipeline: HubPipelineSettings = field(default_factory=HubPipelineSettings)
    recogniser: RecogniserSettings = field(default_factory=RecogniserSettings)
    remote: RemoteSettings = field(default_factory=RemoteSettings)
    lend: LendSettings = field(default_factory=LendSettings)
    voice: SynthesiserSettings = field(default_factory=SynthesiserSettings)
    speech_cache: SpeechCacheSettings = field(default_factory=SpeechCacheSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    engines: EngineSettings = field(default_factory=EngineSettings)
    scheduling: SchedulingSettings = field(default_factory=SchedulingSettings)

    def __post_init__(self) -> None:
        check_engine(self.engine)
        if self.language not in LANGUAGES:
            raise InvalidInput(
                f"there is no recogniser for the language {self.language!r}",
                hint=f"set `language` to one of: {', '.join(LANGUAGES)}",
                code="language.unknown",
            )
        choose("tts", self.language, self.voice.name)


def load_settings(path: Path | None = None) -> Settings:
    """Read settings from `path`, or from `assistant.toml` in the settings folder if it is there.

    `home.toml` and `sentences/` beside the file are used when the file names no others. If `connector.toml`
    is beside it, the devices are those of a hub; if `remote.toml` is, there is a remote recogniser. A section
    with a former name is read, with a warning in the log.

    Raises:
        NotFound: `path` was given and does not exist.
        InvalidInput: the file is no TOML, has an unknown key, a value of the wrong kind, or a section twice.
    """
    file = path or config_dir() / _NAME
    if not is_there(file):
        return _located(Settings(), file, named=path is not None)
    table = read_table(file)
    for error, _former in _take_former_names(table, file):
        raise error
    return _located(fill(Settings, table, file), file)


def load_usable_settings(path: Path | None = None) -> tuple[Settings, tuple[Fault, ...]]:
    """As `load_settings`, but what cannot be used is left out: a key, else its section, else the file.

    Returns:
        The settings, and a fault for each thing that was left out.

    Raises:
        NotFound: `path` was given and does not exist.
    """
    file = path or config_dir() / _NAME
    table, unreadable = read_usable_table(file, "The defaults are used.")
    twice = [
        Fault.of(error, f"[{former}] is left out.", file.name, former)
        for error, former in _take_former_names(table, file)
    ]
    settings, faults = fill_usable(Settings, table, file)
    settings = _located(settings, file, named=path is not None)
    barred = [(folder, why) for folder in settings.sentences if (why := _barred(folder))]
    settings = dataclasses.replace(
        settings,
        sentences=tuple(folder for folder in settings.sentences if folder not in dict(barred)),
    )
    unusable = [
        Fault(
            "settings.sentences",
            f"{file}: {shown_key(str(folder))} cannot be read: {why}",
            "name a folder of sentence files, and check its rights",
            "That folder is left out.",
            file.name,
            "sentences",
        )
        for folder, why in barred
    ]
    return settings, (*unreadable, *twice, *faults, *unusable)


def _located(settings: Settings, file: Path, *, named: bool = False) -> Settings:
    """`settings` with the places of other files, beside `file`; `named` says that `file` has to be there."""
    if named and not is_there(file):
        raise NotFound(
            f"the settings file {file} does not exist",
            hint="check the path, or leave it out to use the defaults",
            code="settings.missing",
        )
    folder = file.parent
    home = settings.home or (folder / "home.toml" if is_there(folder / "home.toml") else None)
    sentences = settings.sentences or ((folder / "sentences",) if _is_folder(folder / "sentences") else ())
    return dataclasses.replace(
        settings,
        home=folder / home if home else None,
        hub=settings.hub or os.path.lexists(folder / "connector.toml"),
        remote=dataclasses.replace(
            settings.remote, on=settings.remote.on or os.path.lexists(folder / "remote.toml")
        ),
        sentences=tuple(folder / directory for directory in sentences),
    )


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _barred(folder: Path) -> str:
    """Why it cannot even be told whether there is a folder; "" where it can."""
    try:
        folder.is_dir()
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _take_former_names(table: dict[str, Any], file: Path) -> list[tuple[InvalidInput, str]]:
    """Give the sections of `table` their present names.

    Returns:
        An error for each section that stands there with both names, with the former one, which is taken out.
    """
    twice = []
    for former, name in RENAMED.items():
        if former not in table:
            continue
        section = table.pop(former)
        if name in table:
            error = InvalidInput(
                f"{file}: [{former}] is the former name of [{name}], and both are there",
                hint=f"move all settings to [{name}]",
                code="settings.twice",
            )
            twice.append((error, former))
            continue
        log.warning("%s: [%s] is now called [%s]; the former name is still read", file, former, name)
        table[name] = section
    return twice
