"""Which engine a model is to run on: what was chosen at run time, else the settings; kept over a restart."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from assistant.models.store import MODEL_NAMES
from assistant.serving.engine import DEFAULT_ENGINE
from assistant.serving.entries import check_engine
from common.errors import InvalidInput, StorageError
from common.settings_file import keyed_by
from common.state_file import load_json, save_json

log = logging.getLogger(__name__)

_FILE = "engines.json"
#: Proofs kept: more than there are models and engines.
_MOST_PROOFS = 500


@dataclass(frozen=True)
class EngineSettings:
    """The engine of a model, where it is to be another one than `engine` says.

    Attributes:
        of: the engine of this model: an id, or "auto"; "" for what `engine` says.

    Raises:
        InvalidInput: `engine.unknown`.
    """

    of: dict[str, str] = field(default_factory=dict, metadata=keyed_by(MODEL_NAMES))

    def __post_init__(self) -> None:
        for engine in filter(None, self.of.values()):
            check_engine(engine)


class Chooser(Protocol):
    """Chooses the engine of a model that is set to "auto"."""

    def choose(self, model: str, candidates: tuple[str, ...]) -> str:
        """One of the candidates; it is asked again from time to time, and may change its mind.

        Args:
            model: name of the model.
            candidates: ids, the default engine first.
        """


class DefaultChooser:
    """Chooses the default engine; see `Chooser`."""

    def choose(self, model: str, candidates: tuple[str, ...]) -> str:
        """The default engine."""
        return DEFAULT_ENGINE


class Choices:
    """What was chosen at run time, and which engines have proven themselves.

    Args:
        engine: of models without a choice of their own: an id, or "auto".
        settings: choices of the settings, by model.
        state: folder of what survives a restart; None for memory alone.
    """

    def __init__(self, engine: str, settings: Mapping[str, str], state: Path | None) -> None:
        self._engine = engine
        self._settings = {model: chosen for model, chosen in settings.items() if chosen}
        self._path = state / _FILE if state is not None else None
        self._lock = threading.Lock()
        chosen, proofs = _read(self._path)
        self._chosen = chosen
        self._proofs = proofs

    def of(self, model: str) -> str:
        """The choice for a model: an id, or "auto"."""
        return self._chosen.get(model, self._set(model))

    def choose(self, model: str, engine: str) -> None:
        """Keep a choice. One that says what the settings say is dropped, so that they count again.

        Raises:
            StorageError: it cannot be written; it counts until the restart.
        """
        with self._lock:
            self._chosen.pop(model, None)
            if engine != self._set(model):
                self._chosen[model] = engine
            self._save()

    def is_proven(self, proof: str) -> bool:
        """Whether this proof (`proving.proof_key`) was kept."""
        return proof in self._proofs

    def keep_proof(self, proof: str) -> None:
        """Keep a proof; where it cannot be written, until the restart."""
        with self._lock:
            if proof not in self._proofs:
                self._proofs = [*self._proofs, proof][-_MOST_PROOFS:]
                self._save_if_possible()

    def drop_proofs(self, beginning: str) -> None:
        """Forget the proofs that begin so: one, or all of an engine."""
        with self._lock:
            left = [proof for proof in self._proofs if not f"{proof} ".startswith(f"{beginning} ")]
            if left != self._proofs:
                self._proofs = left
                self._save_if_possible()

    def _set(self, model: str) -> str:
        return self._settings.get(model, self._engine)

    def _save_if_possible(self) -> None:
        try:
            self._save()
        except StorageError as error:
            log.warning("%s", error)

    def _save(self) -> None:
        if self._path is not None:
            save_json(self._path, {"chosen": self._chosen, "proofs": self._proofs})


def _read(path: Path | None) -> tuple[dict[str, str], list[str]]:
    if path is None:
        return {}, []
    return load_json(path, _content, what="the engines that were chosen") or ({}, [])


def _content(values: Any) -> tuple[dict[str, str], list[str]]:
    chosen = {
        str(model): str(engine)
        for model, engine in dict(values["chosen"]).items()
        if model in MODEL_NAMES and _is_known(str(engine))
    }
    return chosen, [str(proof) for proof in list(values["proofs"])[-_MOST_PROOFS:]]


def _is_known(engine: str) -> bool:
    try:
        check_engine(engine)
    except InvalidInput:  # of a version of Sotto that knew another engine
        return False
    return True
