"""The greeting through a running assistant and a virtual loudspeaker."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from assistant.audio.convert import level_dbfs
from services.bench.virtual_sound import PulseServer, until
from tests.conftest import REPOSITORY
from tests.services.conftest import Box


def test_mistakes_of_the_set_up_file_are_heard(own_box: Box, sound: PulseServer, tmp_path: Path) -> None:
    own_box.extra.update(sound.environment)
    own_box.start()
    run = tmp_path / "root/run/sotto-provision"
    run.mkdir(parents=True)
    run.joinpath("announce.json").write_text(json.dumps({"problems": ["the time zone is not known"]}))
    tap = sound.tap()
    command = [sys.executable, "-m", "services.provision.greet", "--root", str(tmp_path / "root")]
    # Its own marker, and so its own state folder.
    environment = {**own_box.environment, "SOTTO_STATE": str(tmp_path / "greet")}
    process = subprocess.Popen(
        command, env=environment, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:

        def loud() -> bool:
            heard = tap.samples()
            blocks = heard[: len(heard) // 2205 * 2205].reshape(-1, 2205)
            return int(np.sum([level_dbfs(block) > -40 for block in blocks])) >= 10

        assert until(loud, 30), "a second of speech must be audible"
    finally:
        process.terminate()
        process.communicate(timeout=30)
        tap.close()
