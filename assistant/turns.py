"""What a turn was: the record that is shown, sent and stored, and the bounded store of records."""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from assistant.audio.files import write_wav
from assistant.audio.format import SAMPLE_RATE, Samples
from assistant.errors import StorageError

log = logging.getLogger(__name__)


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

    Raises:
        StorageError: the store cannot be opened or written; the turn itself is not affected.
    """

    def __init__(self, folder: Path, capacity: int = 1000, keep_audio: bool = False) -> None:
        self._folder = folder
        self._capacity = capacity
        self._keep_audio = keep_audio
        self._lock = threading.Lock()
        self._database: sqlite3.Connection | None = None

    @property
    def recordings(self) -> Path:
        """Folder of recordings, whether or not there are any."""
        return self._folder / "recordings"

    def add(self, turn: Turn, audio: Samples | None = None) -> None:
        """Store `turn` and drop what is above capacity; `audio` is kept only if switched on."""
        record = json.dumps(asdict(turn), ensure_ascii=False)
        with self._lock:
            try:
                database = self._open()
                with database:
                    database.execute(
                        "INSERT INTO turns (id, time, record) VALUES (?, ?, ?)",
                        (turn.id, turn.time, record),
                    )
                    self._trim(database)
                if audio is not None and self._keep_audio:
                    self.recordings.mkdir(exist_ok=True)
                    write_wav(self.recordings / f"{turn.id}.wav", audio, SAMPLE_RATE)
            except (sqlite3.Error, OSError) as error:
                raise self._storage_error(error) from error

    def newest(self, limit: int = 20) -> list[Turn]:
        """Up to `limit` turns, newest first."""
        with self._lock:
            try:
                rows = self._open().execute("SELECT record FROM turns ORDER BY number DESC LIMIT ?", (limit,))
                return [_turn_from(json.loads(row[0])) for row in rows]
            except (sqlite3.Error, OSError) as error:
                raise self._storage_error(error) from error

    def close(self) -> None:
        """Close the database; a later call opens it again."""
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None

    def _open(self) -> sqlite3.Connection:
        if self._database is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            path = self._folder / "turns.sqlite"
            try:
                self._database = self._connect(path)
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError):
                    raise
                # A file that is not a database must not cost the owner the assistant: set it aside.
                aside = path.with_suffix(".damaged")
                log.warning("%s is damaged (%s); set aside as %s", path, error, aside.name)
                path.replace(aside)
                self._database = self._connect(path)
        return self._database

    @staticmethod
    def _connect(path: Path) -> sqlite3.Connection:
        database = sqlite3.connect(path, check_same_thread=False, timeout=5)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute(_SCHEMA)
        path.chmod(0o600)
        return database

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


def _turn_from(record: dict[str, object]) -> Turn:
    clocks = record.pop("clocks_ms")
    assert isinstance(clocks, dict)
    return Turn(clocks_ms=Clocks(**clocks), **record)  # type: ignore[arg-type]
