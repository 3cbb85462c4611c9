"""`sotto selftest`."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from assistant.assistant import Assistant
from assistant.paths import models_dir
from assistant.settings import load_settings
from assistant.skills.volume import SavedVolume
from services.selftest import print_report, voice_selftest


def selftest(options: argparse.Namespace) -> int:
    """Speak a known sentence and understand it, in this process; 1 when that fails."""
    with tempfile.TemporaryDirectory(prefix="sotto-") as scratch:
        state = Path(scratch)
        assistant = Assistant(
            load_settings(options.config), models_dir(), state, SavedVolume(state / "volume")
        )
        report = voice_selftest(assistant)
        assistant.close()
    print_report(report)
    return 0 if report.passed else 1
