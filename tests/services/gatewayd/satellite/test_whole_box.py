"""The daemons as they run, with a virtual microphone and loudspeaker, and a hub."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from wyoming.asr import Transcript
from wyoming.tts import Synthesize

from assistant.audio.convert import level_dbfs
from services.bench.virtual_sound import PulseServer, until
from tests.services.conftest import Box, free_port
from tests.services.gatewayd.conftest import Gate
from tests.services.gatewayd.satellite.hub import TONE, ScriptedHub

#: A sound server on a busy machine loses samples; a person, too, says it again.
TRIES = 4


def test_the_whole_box_in_a_room_with_a_hub(
    own_box: Box, sound: PulseServer, wav: Callable[..., Path]
) -> None:
    """The daemons as they run, a virtual microphone and loudspeaker."""
    own_box.extra.update(sound.environment)
    own_box.start(microphone=True)
    gate = Gate(own_box, free_port(), free_port(), free_port(), free_port())
    gate.start()
    own_box.run("hubs", "add", "127.0.0.1")
    hub = ScriptedHub(gate.satellite_port)
    path = wav("okay nabu what time is it", lead=1.0, tail=1.5)
    for _ in range(TRIES):
        sound.speak(path).wait(30)
        if until(lambda: hub.saw("audio-stop"), 8):
            break
    assert hub.kinds[:4] == ["detection", "run-pipeline", "audio-start", "audio-chunk"]
    tap = sound.tap()
    hub.say(Transcript("what time is it"), Synthesize("Half past nine."))
    hub.play(np.tile(TONE, 2))
    assert until(lambda: hub.saw("played"))
    tap.close()
    heard = tap.samples()
    blocks = heard[: len(heard) // 2205 * 2205].reshape(-1, 2205)
    assert sum(level_dbfs(block) > -30 for block in blocks) >= 5, "half a second of the tone must be audible"
    turn = own_box.lines("turns", "-n", "1", "--json")[0]
    assert (turn["transcript"], turn["reply"]) == ("what time is it", "Half past nine.")
    hub.stop()
    assert gate.stop()[0] == 0
    assert own_box.stop() == 0
