"""What a turn was: the record that is shown, sent and stored, and the bounded store of records."""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TypeVar

from assistant.audio.files import write_wav
from assistant.audio.format import SAMPLE_RATE, Samples
from assistant.turn import metrics
from common.errors import StorageError
from common.faults import STATE_LOST, Fault, Faults

log = logging.getLogger(__name__)

_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Clocks:
    """Milliseconds; None where the mode cannot know.

    `decided`, `acted` and `heard` start at the user's last speech sample; `compute` starts at the
    commit and ends when the first reply sample is handed over.
    """

    decided: float | None = None
    acted: float | None = None
    heard: float | None = None
    compute: float | None = None


@dataclass(frozen=True)
class Turn:
    """One finished turn. `time` is seconds since the epoch at the commit."""

    id: str
    time: float
    transcript: str
    accepted: bool
    intent: str | None = None
    slots: Mapping[str, object] = field(default_factory=dict)
    reply: str = ""
    clocks_ms: Clocks = field(default_factory=Clocks)
    stages_ms: Mapping[str, float] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)
    label: str = ""
    interrupted: bool = False

    def to_line(self, file: str | None) -> str:
        """The JSON object of `listen --json` and `ask --json`."""
        return json.dumps(
            {
                "file": file,
                "transcript": self.transcript,
                "accepted": self.accepted,
                "intent": self.intent,
                "slots": dict(self.slots),
                "reply": self.reply,
                "clocks_ms": asdict(self.clocks_ms),
                "stages_ms": dict(self.stages_ms),
            },
            ensure_ascii=False,
        )


_LOST = Fault(
    STATE_LOST,
    "the records of earlier turns were damaged and are lost",
    hint="turns.sqlite.damaged, in the folder of the state, has what was there",
    effect="The box begins with none.",
    file="turns.sqlite",
)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS turns (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    time REAL NOT NULL,
    record TEXT NOT NULL
)
"""


class TurnStore:
    """The newest `capacity` turns on disk, in SQLite; recordings beside it only if the owner wants them.

    Args:
        folder: where `turns.sqlite` and `recordings/` lie; made when missing.
        capacity: records (and recordings) kept; older ones are deleted.
        keep_audio: store what was heard as WAV files.
        faults: is told if the records were damaged and are lost.

    Raises:
        StorageError: the store cannot be opened or written; the turn itself is not affected.
    """

    def __init__(
        self,
        folder: Path,
        capacity: int = 1000,
        keep_audio: bool = False,
        faults: Faults | None = None,
    ) -> None:
        self._folder = folder
        self._capacity = max(1, capacity)
        self._keep_audio = keep_audio
        self._faults = faults
        self._path = folder / "turns.sqlite"
        self._lock = threading.Lock()
        self._database: sqlite3.Connection | None = None

    @property
    def recordings(self) -> Path:
        """Folder of recordings, whether or not there are any."""
        return self._folder / "recordings"

    def add(self, turn: Turn, audio: Samples | None = None) -> None:
        """Count and store `turn`, and drop what is above capacity; `audio` is kept only if switched on."""
        metrics.count(turn)
        record = json.dumps(asdict(turn), ensure_ascii=True)

        def insert(database: sqlite3.Connection) -> None:
            with database:
                database.execute(
                    "INSERT INTO turns (id, time, record) VALUES (?, ?, ?)", (turn.id, turn.time, record)
                )
                self._trim(database)

        with self._lock:
            self._use(insert)
            if audio is not None and self._keep_audio:
                try:
                    self.recordings.mkdir(mode=0o700, exist_ok=True)
                    write_wav(self.recordings / f"{turn.id}.wav", audio, SAMPLE_RATE)
                except OSError as error:
                    raise self._storage_error(error) from error

    def newest(self, limit: int = 20) -> list[Turn]:
        """Up to `limit` turns, newest first; a record that cannot be read is left out."""

        def select(database: sqlite3.Connection) -> list[str]:
            rows = database.execute("SELECT record FROM turns ORDER BY number DESC LIMIT ?", (limit,))
            return [row[0] for row in rows]

        with self._lock:
            records = self._use(select)
        return [turn for record in records if (turn := _turn_from(record)) is not None]

    def close(self) -> None:
        """Close the database; a later call opens it again."""
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None

    def _use(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """Do `work` on the database; one that turns out to be damaged is replaced by a new one."""
        try:
            try:
                return work(self._open())
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError | sqlite3.ProgrammingError):
                    raise
                self._set_aside(error)
                return work(self._open())
        except (sqlite3.Error, OSError) as error:
            raise self._storage_error(error) from error

    def _open(self) -> sqlite3.Connection:
        if self._database is None:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Made before SQLite opens it, so that it and its journals are never readable by others.
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
            database = sqlite3.connect(self._path, check_same_thread=False, timeout=5)
            try:
                database.execute("PRAGMA journal_mode = WAL")
                database.execute("PRAGMA synchronous = NORMAL")
                # Of the pages of records only the newest are asked for; by default 2 MB would be kept.
                database.execute("PRAGMA cache_size = -128")
                database.execute(_SCHEMA)
            except sqlite3.Error:
                database.close()
                raise
            self._database = database
        return self._database

    def _set_aside(self, error: Exception) -> None:
        """Rename a damaged store, so that the assistant works on with a new one; the file is kept."""
        log.warning("%s is damaged (%s); set aside as %s.damaged", self._path, error, self._path.name)
        if self._database is not None:
            self._database.close()
            self._database = None
        for journal in ("-wal", "-shm"):
            self._path.with_name(self._path.name + journal).unlink(missing_ok=True)
        self._path.replace(self._path.with_name(self._path.name + ".damaged"))
        if self._faults is not None:
            self._faults.report("turns", [_LOST])

    def _trim(self, database: sqlite3.Connection) -> None:
        old = database.execute(
            "DELETE FROM turns WHERE number <= (SELECT MAX(number) FROM turns) - ? RETURNING id",
            (self._capacity,),
        ).fetchall()
        for (identifier,) in old:
            (self.recordings / f"{Path(identifier).name}.wav").unlink(missing_ok=True)

    def _storage_error(self, error: Exception) -> StorageError:
        return StorageError(
            f"the turn store in {self._folder} cannot be used: {error}",
            hint="free some disk space and check that the folder is writable",
            code="storage.turns",
        )


def _turn_from(record: str) -> Turn | None:
    try:
        fields = json.loads(record)
        return Turn(clocks_ms=Clocks(**fields.pop("clocks_ms")), **fields)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        log.warning("a stored turn cannot be read: %s", error)
        return None
