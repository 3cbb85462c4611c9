"""Machines without sound devices or PortAudio: nothing hangs, and the errors name what is missing."""

from __future__ import annotations

import sys
import threading

import pytest

from assistant.audio import portaudio
from assistant.audio.chimes import tone
from assistant.audio.devices import AudioDevice, list_devices
from assistant.audio.microphone import DeviceState, Microphone, MicrophoneSettings
from assistant.audio.speaker import Speaker
from common.errors import Unavailable


@pytest.fixture
def no_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing: list[AudioDevice] = []
    monkeypatch.setattr("assistant.audio.devices.list_devices", lambda: nothing)
    monkeypatch.setattr("assistant.audio.portaudio.rescan", lambda: True)


@pytest.fixture
def no_portaudio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)


@pytest.mark.usefixtures("no_portaudio")
def test_without_portaudio_the_package_is_named() -> None:
    with pytest.raises(Unavailable) as caught:
        list_devices()
    assert caught.value.code == "audio.no-portaudio"
    assert "libportaudio2" in caught.value.hint


@pytest.mark.usefixtures("no_devices")
def test_opening_without_a_microphone_says_so() -> None:
    with pytest.raises(Unavailable, match="there is no microphone"):
        Microphone().open()


@pytest.mark.usefixtures("no_devices")
def test_playing_without_a_speaker_says_so() -> None:
    with pytest.raises(Unavailable, match="there is no speaker"):
        Speaker().play([tone(16_000)], 16_000)


@pytest.mark.parametrize("what", ["no_devices", "no_portaudio"])
def test_waiting_for_a_microphone_ends_when_it_is_closed(what: str, request: pytest.FixtureRequest) -> None:
    request.getfixturevalue(what)
    states: list[DeviceState] = []
    lost = threading.Event()

    def on_state(state: DeviceState) -> None:
        states.append(state)
        lost.set()

    microphone = Microphone(MicrophoneSettings(backoff_s=(60,)), on_state)
    frames: list[object] = []
    thread = threading.Thread(target=lambda: frames.extend(microphone.frames()), daemon=True)
    thread.start()
    assert lost.wait(10)
    microphone.close()
    thread.join(10)
    assert not thread.is_alive()
    assert frames == []
    assert [state.kind for state in states] == ["lost"]


def test_a_closed_microphone_does_not_open_again() -> None:
    microphone = Microphone()
    microphone.close()
    microphone.close()
    assert list(microphone.frames()) == []
    with pytest.raises(Unavailable, match="was closed"):
        microphone.open()


def test_devices_are_looked_for_again_after_a_start_of_portaudio_that_failed() -> None:
    try:
        library = portaudio.library()
    except Unavailable as error:
        pytest.skip(str(error))
    library._terminate()
    assert portaudio.rescan()
