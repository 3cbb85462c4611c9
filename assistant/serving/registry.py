"""Which engines can be used here, and the exact reason where one cannot; makes those that can."""

from __future__ import annotations

import ctypes.util
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path

from assistant.hardware.ladder import Outcome, Trial
from assistant.hardware.probing import make_trial
from assistant.serving.engine import DEFAULT_ENGINE, Engine, unavailable
from assistant.serving.entries import ENGINES_FILE, EngineEntry, load_engines, unknown_engine

#: The inference of `assistant.hardware.probing.make_trial` for an engine; its argument is the id.
BY_ENGINE = "assistant.hardware.trial:by_engine"


@dataclass(frozen=True)
class Availability:
    """Whether an engine can be used here.

    Attributes:
        entry: the engine.
        version: of its package; "" if that is not installed.
        reason: why it cannot be used; "" if it can.
    """

    entry: EngineEntry
    version: str = ""
    reason: str = ""

    @property
    def usable(self) -> bool:
        """Whether it can be used."""
        return not self.reason


class Registry:
    """The engines of a process. Each is looked at once, and made once.

    Args:
        file: the table of engines.
        folder: for what engines compile; None where nothing is kept.
        trial: makes one inference on an engine ("module:function", arguments), in another process by default:
            a package that crashes or hangs must not take this one with it.
    """

    def __init__(
        self,
        file: Path = ENGINES_FILE,
        folder: Path | None = None,
        trial: Callable[[str, list[str]], Trial] = make_trial,
    ) -> None:
        self.file = file
        self._entries = {entry.id: entry for entry in load_engines(file)}
        self._folder = folder
        self._trial = trial
        self._lock = threading.Lock()
        self._known: dict[str, Availability] = {}
        self._installed: dict[str, Availability] = {}
        self._engines: dict[str, Engine] = {}

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the engines of the table."""
        return tuple(self._entries)

    def entry(self, name: str) -> EngineEntry:
        """The engine of that id.

        Raises:
            InvalidInput: `engine.unknown`.
        """
        if name not in self._entries:
            raise unknown_engine(name, self.ids)
        return self._entries[name]

    def available(self) -> tuple[Availability, ...]:
        """All engines of the table, in its order."""
        return tuple(map(self.availability, self._entries))

    def may_be_usable(self, name: str) -> bool:
        """Whether its packages are installed, and nothing is known against it; without an inference."""
        known = self._known.get(name)
        if known is not None:
            return known.usable
        if name not in self._installed:
            self._installed[name] = installed(self.entry(name))
        return self._installed[name].usable

    def availability(self, name: str) -> Availability:
        """Whether the engine can be used here; where all is installed, by one inference in another process.

        Raises:
            InvalidInput: `engine.unknown`.
        """
        entry = self.entry(name)
        known = self._known.get(name)
        if known is None:
            known = installed(entry)
            if known.usable and name != DEFAULT_ENGINE:
                trial = self._trial(BY_ENGINE, [name, str(self.file)])
                if trial.outcome is not Outcome.RIGHT:
                    known = Availability(entry, known.version, _reason(trial))
            self._known[name] = known
        return known

    def forget(self, name: str) -> None:
        """Look at an engine again when it is asked for next: its device may have come."""
        self._known.pop(name, None)
        self._installed.pop(name, None)

    def engine(self, name: str) -> Engine:
        """The engine, in this process.

        Raises:
            InvalidInput: `engine.unknown`.
            Unavailable: `engine.unavailable`: it cannot be used here.
        """
        found = self.availability(name)
        if not found.usable:
            raise unavailable(found.reason)
        with self._lock:
            if name not in self._engines:
                self._engines[name] = make_engine(found.entry, self._folder)
            return self._engines[name]


def make_engine(entry: EngineEntry, folder: Path | None = None) -> Engine:
    """Make an engine in this process.

    Raises:
        Unavailable: `engine.unavailable`: it cannot be used here.
    """
    try:
        made: Engine = import_module(entry.module).make_engine(entry, folder)
    except ImportError as error:
        raise unavailable(f"{entry.name} cannot be imported: {error}"[:200]) from error
    return made


@cache
def default_engine() -> Engine:
    """ONNX Runtime on the processor; one for the whole process."""
    return make_engine(next(entry for entry in load_engines() if entry.id == DEFAULT_ENGINE))


def installed(entry: EngineEntry) -> Availability:
    """Whether all that the engine is made of is there; nothing of it is imported."""
    found = next(((name, version) for name in entry.packages if (version := _version_of(name))), None)
    if found is None:
        return Availability(entry, "", f"not installed: {' or '.join(entry.packages)}")
    name, version = found
    if entry.version and _numbers(version) < _numbers(entry.version):
        return Availability(entry, version, f"{name} {version} is too old: {entry.version} is needed")
    for library in entry.libraries:
        if ctypes.util.find_library(library) is None:
            return Availability(entry, version, f"the shared library lib{library}.so is missing")
    if entry.provider and not entry.plugin:
        return _with_provider(entry, version)
    return Availability(entry, version)


def _with_provider(entry: EngineEntry, version: str) -> Availability:
    """The providers that are part of ONNX Runtime, which the process has loaded anyway."""
    import onnxruntime

    if entry.provider in onnxruntime.get_available_providers():
        return Availability(entry, version)
    return Availability(
        entry, version, f"this build of ONNX Runtime ({onnxruntime.__version__}) has no {entry.provider}"
    )


def _version_of(package: str) -> str:
    try:
        return installed_version(package) or ""
    # What pip has left half removed, or a damaged metadata file.
    except (PackageNotFoundError, OSError, ValueError, KeyError, TypeError, AttributeError):
        return ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def _reason(trial: Trial) -> str:
    if trial.outcome is Outcome.WRONG:
        return f"the result of an inference is wrong: {trial.detail}"
    return trial.detail or "an inference failed"
