import errno
import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assistant.turn.store import Clocks, Turn, TurnStore
from common.errors import StorageError
from common.faults import Faults

TURN = Turn(
    id="a1",
    time=1000.0,
    transcript="Turn on the kitchen light.",
    accepted=True,
    intent="HassTurnOn",
    slots={"name": "kitchen light"},
    reply="Turned on the kitchen light.",
    clocks_ms=Clocks(compute=41.5),
    stages_ms={"parse": 1.25},
)


def test_the_json_line_has_exactly_the_promised_keys() -> None:
    line = json.loads(TURN.to_line("x.wav"))
    assert line == {
        "file": "x.wav",
        "transcript": "Turn on the kitchen light.",
        "accepted": True,
        "intent": "HassTurnOn",
        "slots": {"name": "kitchen light"},
        "reply": "Turned on the kitchen light.",
        "clocks_ms": {"decided": None, "acted": None, "heard": None, "compute": 41.5},
        "stages_ms": {"parse": 1.25},
    }


def test_a_stored_turn_comes_back_as_it_was_after_a_restart(tmp_path: Path) -> None:
    store = TurnStore(tmp_path)
    store.add(TURN)
    store.close()
    assert TurnStore(tmp_path).newest() == [TURN]


def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    store = TurnStore(tmp_path, capacity=3)
    for number in range(10):
        store.add(replace(TURN, id=f"t{number}"))
    assert [turn.id for turn in store.newest(100)] == ["t9", "t8", "t7"]


def test_no_recording_unless_the_owner_wants_it(tmp_path: Path) -> None:
    audio = np.zeros(1600, np.int16)
    TurnStore(tmp_path / "off").add(TURN, audio)
    assert not (tmp_path / "off" / "recordings").exists()
    TurnStore(tmp_path / "on", keep_audio=True).add(TURN, audio)
    assert (tmp_path / "on" / "recordings" / "a1.wav").stat().st_size == 44 + 3200


def test_recordings_go_with_their_turns(tmp_path: Path) -> None:
    store = TurnStore(tmp_path, capacity=2, keep_audio=True)
    for number in range(5):
        store.add(replace(TURN, id=f"t{number}"), np.zeros(160, np.int16))
    assert sorted(path.stem for path in store.recordings.iterdir()) == ["t3", "t4"]


def test_a_full_disk_is_a_typed_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = TurnStore(tmp_path)
    store.add(TURN)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(TurnStore, "_trim", full)
    with pytest.raises(StorageError, match="No space left"):
        store.add(TURN)


def test_a_database_at_its_size_limit_is_a_typed_error(tmp_path: Path) -> None:
    # SQLite reports its own page limit with the very error it gives for a full disk (SQLITE_FULL).
    store = TurnStore(tmp_path)
    store.add(TURN)
    pages = store._open().execute("PRAGMA page_count").fetchone()[0]
    store._open().execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StorageError, match="full"):
        store.add(replace(TURN, reply="x" * 100_000))
    assert store.newest() == [TURN]


def test_a_damaged_store_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "turns.sqlite").write_bytes(b"this is no database" * 100)
    faults = Faults()
    store = TurnStore(tmp_path, faults=faults)
    store.add(TURN)
    assert store.newest() == [TURN]
    assert (tmp_path / "turns.sqlite.damaged").exists()
    assert [fault.code for fault in faults.all()] == ["state.lost"]


def test_damage_inside_the_store_heals(tmp_path: Path) -> None:
    store = TurnStore(tmp_path)
    for number in range(200):
        store.add(replace(TURN, id=f"t{number}"))
    store.close()
    path = tmp_path / "turns.sqlite"
    content = bytearray(path.read_bytes())
    content[4096:] = bytes(len(content) - 4096)
    path.write_bytes(content)
    store = TurnStore(tmp_path)
    store.newest()
    store.add(TURN)
    assert TURN in store.newest()


@pytest.mark.parametrize("record", ["{", "[]", '{"clocks_ms": {}, "colour": 1}', '{"id": "x"}'])
def test_a_record_that_cannot_be_read_is_left_out(tmp_path: Path, record: str) -> None:
    store = TurnStore(tmp_path)
    store.add(TURN)
    with store._open() as database:
        database.execute("INSERT INTO turns (id, time, record) VALUES ('x', 1, ?)", (record,))
    assert store.newest() == [TURN]


def test_text_that_is_no_unicode_can_be_stored(tmp_path: Path) -> None:
    store = TurnStore(tmp_path)
    store.add(replace(TURN, transcript="caf\udce9"))
    assert store.newest()[0].transcript == "caf\udce9"


def test_the_store_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    TurnStore(tmp_path).add(TURN)
    for path in tmp_path.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path
    with sqlite3.connect(tmp_path / "turns.sqlite") as database:
        assert database.execute("SELECT COUNT(*) FROM turns").fetchone() == (1,)
