"""A driver that hangs when a stream is started; in a process of its own, because it never comes back."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from services.bench.virtual_sound import PulseServer, why_not

#: Says what became of each reply. "Unplug" and "plug" are done from outside, when a line asks for it.
_REPLIES = """
from assistant.audio.chimes import tone
from assistant.audio.speaker import Speaker, SpeakerSettings
from common.errors import Unavailable

speaker = Speaker(SpeakerSettings(device="pulse", stall_s=1))
for wish in ("unplug", "plug", ""):
    try:
        heard = speaker.play([tone(22050, 500, 0.2)], 22050)
        print("heard" if heard else "cut", flush=True)
    except Unavailable:
        print("lost", flush=True)
    if wish:
        print(wish, flush=True)
        input()
speaker.close()
"""


def test_a_speaker_that_is_gone_when_a_reply_begins_does_not_silence_later_ones() -> None:
    """ALSA's plugin for sound servers hangs when a stream is started whose device has gone."""
    if reason := why_not():
        pytest.skip(reason)
    server = PulseServer()
    try:
        if not server.start():
            pytest.skip("PulseAudio does not start here")
        process = subprocess.Popen(
            [sys.executable, "-c", _REPLIES],
            env=os.environ | server.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdin is not None and process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line.strip())
            if line.strip() in ("plug", "unplug"):
                server.unplug("speaker") if line.strip() == "unplug" else server.plug_speaker()
                process.stdin.write("\n")
                process.stdin.flush()
        _, complaints = process.communicate(timeout=30)
        assert said == ["heard", "unplug", "lost", "plug", "heard"], complaints
        assert process.returncode == 0, complaints
    finally:
        server.stop()
