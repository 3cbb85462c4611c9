"""How much is understood, and how much foreign speech is taken for a command."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from assistant.assistant import Assistant
from assistant.audio.files import read_audio
from assistant.audio.format import SAMPLE_RATE
from assistant.conversation_settings import ConversationSettings
from assistant.paths import models_dir
from assistant.settings import Settings
from assistant.skills.volume import SavedVolume
from assistant.turns import Turn
from services.bench.latency import turn_of


def run(speech: Path, limit: int | None) -> dict[str, object]:
    """Real commands heard with their own language, then with a home's.

    Args:
        speech: folder with `commands/labels.json`, its clips, and `commands/coffee.yaml`.
        limit: use only this many clips.
    """
    labels = json.loads((speech / "commands" / "labels.json").read_text())
    names = sorted(labels)[:limit]
    with tempfile.TemporaryDirectory(prefix="sotto-") as scratch:
        state = Path(scratch)
        sentences = state / "sentences"
        sentences.mkdir()
        (sentences / "coffee.yaml").write_text((speech / "commands" / "coffee.yaml").read_text())
        own = Settings(sentences=(sentences,), builtin_sentences=False)
        with_own = _hear(own, state / "own", speech, names)
        at_home = _hear(Settings(), state / "home", speech, names)
    right = sum(_is_right(turn, labels[name]) for name, turn in with_own.items())
    accepted = sum(turn.accepted for turn in with_own.values())
    foreign = [turn.transcript for turn in at_home.values() if turn.accepted]
    heard_s = sum(len(read_audio(speech / "commands" / name)) for name in names) / SAMPLE_RATE
    recognising_s = (
        sum(
            turn.stages_ms["encode"] + turn.stages_ms["decode"]
            for turn in with_own.values()
            if "encode" in turn.stages_ms
        )
        / 1e3
    )
    return {
        "clips": len(names),
        "accepted_right_percent": round(100 * right / len(names), 2),
        "accepted_wrong_percent": round(100 * (accepted - right) / len(names), 2),
        "foreign_taken_for_home_percent": round(100 * len(foreign) / len(names), 2),
        "foreign_taken_as": foreign,
        "real_time_factor": round(recognising_s / heard_s, 4),
    }


def _hear(settings: Settings, state: Path, speech: Path, names: list[str]) -> dict[str, Turn]:
    assistant = Assistant(settings, models_dir(), state, SavedVolume(state / "volume.json"))
    listen = ConversationSettings(wake=False, endpointing=False, realtime=False)
    turns: dict[str, Turn] = {}
    for name in names:
        turn = turn_of(assistant, read_audio(speech / "commands" / name), listen)
        turns[name] = turn or Turn(id="", time=0, transcript="", accepted=False)
    assistant.close()
    return turns


def _is_right(turn: Turn, label: dict[str, object]) -> bool:
    wanted = label["slots"]
    assert isinstance(wanted, dict)
    return turn.accepted and dict(turn.slots) == {k: str(v).strip() for k, v in wanted.items()}
