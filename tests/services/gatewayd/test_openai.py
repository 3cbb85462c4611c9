"""OpenAI's interface, with OpenAI's own client."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import openai
import pytest
import soundfile

from tests.services.gatewayd.conftest import Gate


@pytest.fixture(scope="module")
def client(gate: Gate) -> Iterator[openai.OpenAI]:
    with (
        openai.DefaultHttpxClient(verify=gate.tls) as transport,
        openai.OpenAI(
            base_url=f"{gate.url}/v1",
            api_key=gate.pair("openai", "talk"),
            http_client=transport,
            max_retries=0,
        ) as client,
    ):
        yield client


@pytest.fixture
def question(wav: Callable[..., Path]) -> Path:
    return wav("what time is it")


def test_a_recording_is_transcribed(client: openai.OpenAI, question: Path) -> None:
    answer = client.audio.transcriptions.create(model="whisper-1", file=question)
    assert answer.text.lower().rstrip("?.") == "what time is it"


def test_it_is_told_in_full(client: openai.OpenAI, question: Path) -> None:
    answer = client.audio.transcriptions.create(
        model="whisper-1", file=question, response_format="verbose_json"
    )
    assert answer.duration == pytest.approx(soundfile.info(question).duration, abs=0.05)
    assert answer.segments is not None
    assert [segment.text for segment in answer.segments] == [answer.text]


@pytest.mark.parametrize(
    ("form", "begins"),
    [("text", "what"), ("srt", "1\n00:00:00,000 --> 00:00:0"), ("vtt", "webvtt\n\n00:00:00.000")],
)
def test_it_is_told_as_text(client: openai.OpenAI, question: Path, form: str, begins: str) -> None:
    answer = client.audio.transcriptions.create(
        model="whisper-1",
        file=question,
        response_format=form,  # type: ignore[call-overload]
    )
    assert str(answer).lower().startswith(begins)


def test_it_streams(client: openai.OpenAI, question: Path) -> None:
    events = list(client.audio.transcriptions.create(model="whisper-1", file=question, stream=True))
    assert [event.type for event in events] == ["transcript.text.delta", "transcript.text.done"]
    last = events[-1]
    assert last.type == "transcript.text.done"
    assert last.text.lower().rstrip("?.") == "what time is it"


@pytest.mark.parametrize("form", ["mp3", "opus", "flac", "wav"])
def test_speech_comes_in_every_format(client: openai.OpenAI, form: str) -> None:
    answer = client.audio.speech.create(
        model="tts-1",
        voice="alloy",
        input="One moment.",
        response_format=form,  # type: ignore[arg-type]
    )
    with soundfile.SoundFile(io.BytesIO(answer.content)) as sound:
        assert sound.channels == 1


def test_speech_streams_before_it_is_whole(client: openai.OpenAI) -> None:
    with client.audio.speech.with_streaming_response.create(
        model="tts-1", voice="alloy", input="One moment. " * 20, response_format="pcm"
    ) as answer:
        sizes = [len(piece) for piece in answer.iter_bytes()]
    assert len(sizes) > 5
    assert sizes[0] < sum(sizes) / 10


def test_faster_speech_is_shorter(client: openai.OpenAI) -> None:
    def length(speed: float) -> int:
        answer = client.audio.speech.create(
            model="tts-1", voice="alloy", input="One moment please.", response_format="pcm", speed=speed
        )
        return len(answer.content)

    assert length(1.5) < 0.8 * length(1.0)


def test_the_assistant_is_a_model(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model="sotto", messages=[{"role": "user", "content": "what day is it"}]
    )
    assert "day" in str(answer.choices[0].message.content).lower()
    assert answer.choices[0].finish_reason == "stop"


def test_it_streams_as_one(client: openai.OpenAI) -> None:
    chunks = list(
        client.chat.completions.create(
            model="sotto",
            messages=[{"role": "user", "content": [{"type": "text", "text": "what day is it"}]}],
            stream=True,
        )
    )
    assert "day" in "".join(chunk.choices[0].delta.content or "" for chunk in chunks).lower()
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_the_models_are_listed(client: openai.OpenAI) -> None:
    names = [model.id for model in client.models.list()]
    assert names[0] == "sotto"
    assert len(names) > 4


def test_errors_are_those_of_the_client(client: openai.OpenAI, tmp_path: Path) -> None:
    noise = tmp_path / "noise.wav"
    noise.write_bytes(b"this is no sound")
    with pytest.raises(openai.BadRequestError) as caught:
        client.audio.transcriptions.create(model="whisper-1", file=noise)
    assert caught.value.code == "audio.not-audio"
    with pytest.raises(openai.BadRequestError) as caught:
        client.audio.speech.create(model="tts-1", voice="alloy", input="x", response_format="aac")
    assert caught.value.code == "audio.format"
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="sotto", messages=[{"role": "system", "content": "hello"}])
    assert caught.value.code == "openai.messages"
    with pytest.raises(openai.AuthenticationError):
        client.with_options(api_key="sotto_wrong").models.list()
