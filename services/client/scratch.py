"""An assistant with a temporary state."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assistant.assistant import Assistant
from assistant.settings import Settings
from assistant.skills.volume import SavedVolume
from common.paths import models_dir


@contextmanager
def scratch_assistant(settings: Settings) -> Iterator[Assistant]:
    """An assistant with the machine's models and an empty state folder of its own; closed at the end."""
    with tempfile.TemporaryDirectory(prefix="sotto-") as folder:
        state = Path(folder)
        assistant = Assistant(settings, models_dir(), state, SavedVolume(state / "volume.json"))
        try:
            yield assistant
        finally:
            assistant.close()
