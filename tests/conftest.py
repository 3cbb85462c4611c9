"""Shared fixtures: spoken sentences, models, and the optional folder of real speech."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import settings

from assistant.audio.format import SAMPLE_RATE, Samples

# How fast a machine is says nothing about whether the code is right; what hangs is ended by its own limit.
settings.register_profile("sotto", deadline=None)
settings.load_profile("sotto")

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def speech_dir() -> Path:
    """The folder of real speech, `SOTTO_SPEECH` or beside the checkout; skips where it is absent."""
    folder = Path(os.environ.get("SOTTO_SPEECH") or REPOSITORY.parent / "shared" / "speech")
    if not (folder / "commands" / "labels.json").is_file():
        pytest.skip(f"no real speech at {folder}; set SOTTO_SPEECH to run this test")
    return folder


@pytest.fixture(scope="session")
def say(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Samples]:
    """Speak with espeak-ng, a synthesiser that is not ours: `say(text, voice=, speed=)` -> 16 kHz int16.

    The result has 0.3 s of silence in front and `tail` seconds behind.
    """
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed; `make setup` installs it")
    folder = tmp_path_factory.mktemp("spoken")

    def speak(
        text: str, voice: str = "en-us", speed: int = 150, lead: float = 0.3, tail: float = 0.5
    ) -> Samples:
        path = folder / f"{abs(hash((text, voice, speed)))}.wav"
        if not path.exists():
            subprocess.run(
                ["espeak-ng", "-v", voice, "-s", str(speed), "-w", str(path), text],
                check=True,
                timeout=30,
            )
        raw, rate = soundfile.read(path, dtype="int16")
        spoken = soxr.resample(raw, rate, SAMPLE_RATE).astype(np.int16)
        edges = (int(lead * SAMPLE_RATE), int(tail * SAMPLE_RATE))
        return np.pad(spoken, edges)

    return speak
