"""A sound, announced in the room: what is played, and what is refused with its reason."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
import soundfile

from assistant.audio.files import wav_bytes, write_wav
from tests.services.gatewayd.conftest import Gate
from tests.services.gatewayd.satellite.room import HubRoom, hub_house

#: A second of a tone at 16 kHz.
TONE = (8000 * np.sin(np.arange(16_000) / 6)).astype(np.int16)
RATE = 22_050


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HubRoom, Gate]]:
    with hub_house(tmp_path_factory.mktemp("announce"), "everything") as house:
        yield house


@pytest.fixture(scope="module")
def token(house: tuple[HubRoom, Gate]) -> str:
    return house[1].pair("announcer", "talk")


@pytest.fixture
def room(house: tuple[HubRoom, Gate]) -> Iterator[HubRoom]:
    yield house[0]
    house[0].forget()


@pytest.fixture
def caller(house: tuple[HubRoom, Gate], token: str) -> Iterator[httpx.Client]:
    with house[1].client(token) as client:
        yield client


def _seconds(room: HubRoom) -> float:
    (heard,) = room.speaker.replies
    return len(heard) / RATE


def _file(form: str) -> bytes:
    memory = io.BytesIO()
    soundfile.write(memory, TONE, 16_000, format=form)
    return memory.getvalue()


@pytest.mark.parametrize(("form", "kind"), [("FLAC", "audio/flac"), ("OGG", "audio/ogg")])
def test_a_sound_file_is_played(room: HubRoom, caller: httpx.Client, form: str, kind: str) -> None:
    answer = caller.post("/v1/announce", content=_file(form), headers={"Content-Type": kind})
    assert answer.status_code == 200, answer.text
    assert _seconds(room) == pytest.approx(1.0, abs=0.05)


def test_a_wav_is_played_as_loud_as_it_is(room: HubRoom, caller: httpx.Client) -> None:
    answer = caller.post("/v1/announce", content=wav_bytes(TONE), headers={"Content-Type": "audio/wav"})
    assert answer.status_code == 200, answer.text
    assert _seconds(room) == pytest.approx(1.0, abs=0.05)
    assert np.abs(room.speaker.replies[0]).max() == pytest.approx(8000, rel=0.05)


def test_bare_samples_are_played_behind_a_chime(room: HubRoom, caller: httpx.Client) -> None:
    headers = {"Content-Type": "audio/pcm"}
    answer = caller.post("/v1/announce?sample_rate=16000&chime=true", content=TONE.tobytes(), headers=headers)
    assert answer.status_code == 200, answer.text
    assert _seconds(room) == pytest.approx(1.3, abs=0.05)


def test_a_text_is_still_said(room: HubRoom, caller: httpx.Client) -> None:
    assert caller.post("/v1/announce", json={"text": "dinner is ready"}).status_code == 200
    assert _seconds(room) > 0.5


@pytest.mark.parametrize(
    ("query", "kind", "body", "error"),
    [
        ("", "audio/wav", b"", (400, "body.empty")),
        ("", "audio/wav", b"no sound at all", (400, "audio.not-audio")),
        ("", "audio/wav", wav_bytes(TONE)[:30], (400, "audio.truncated")),
        ("", "audio/flac", b"fLaC" + bytes(100), (400, "audio.not-audio")),
        ("?sample_rate=100", "audio/pcm", bytes(1000), (400, "audio.rate")),
        ("?sample_rate=fast", "audio/pcm", bytes(1000), (400, "query.number")),
        ("?chime=loud", "audio/pcm", bytes(1000), (400, "query.switch")),
        ("?sample_rate=8000", "audio/pcm", bytes(2 * 8000 * 61), (413, "audio.too-long")),
        ("", "audio/wav", wav_bytes(np.tile(TONE, 61)), (413, "audio.too-long")),
        ("", "audio/wav", bytes(7 * 1024 * 1024), (413, "body.too-large")),
        ("", "application/json", b'{"text": "hello", "audio": "AAAA"}', (400, "announce.both")),
        ("", "application/json", b"{}", (400, "announce.empty")),
    ],
)
def test_what_cannot_be_played_is_refused(
    room: HubRoom, caller: httpx.Client, query: str, kind: str, body: bytes, error: tuple[int, str]
) -> None:
    answer = caller.post(f"/v1/announce{query}", content=body, headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["code"]) == error
    assert answer.json()["hint"]
    assert room.speaker.replies == []


def test_the_command_plays_a_file(house: tuple[HubRoom, Gate], room: HubRoom, tmp_path: Path) -> None:
    write_wav(tmp_path / "tone.wav", TONE, 16_000)
    house[1].box.run("announce", "--no-chime", "--sound", tmp_path / "tone.wav")
    assert _seconds(room) == pytest.approx(1.0, abs=0.05)
