"""An assistant with a temporary state."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from assistant.assistant import Assistant
from assistant.settings import Settings
from assistant.skills.contract import Skill
from assistant.skills.volume_control import SavedVolume
from common.paths import models_dir


@contextmanager
def scratch_assistant(settings: Settings, more_skills: Sequence[Skill] = ()) -> Iterator[Assistant]:
    """An assistant with the machine's models and an empty state folder of its own; closed at the end."""
    with tempfile.TemporaryDirectory(prefix="sotto-") as folder:
        state = Path(folder)
        volume = SavedVolume(state / "volume.json")
        assistant = Assistant(settings, models_dir(), state, volume, more_skills=more_skills)
        try:
            yield assistant
        finally:
            assistant.close()
