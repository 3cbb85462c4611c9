"""OpenAI's interface, with OpenAI's own client."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import openai
import pytest
import soundfile

from assistant.audio.files import wav_bytes
from assistant.audio.format import SAMPLE_RATE, Samples
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
    [("text", "what"), ("srt", "1\n00:00:00,"), ("vtt", "webvtt\n\n00:00:00.")],
)
def test_it_is_told_as_text(client: openai.OpenAI, question: Path, form: str, begins: str) -> None:
    answer = client.audio.transcriptions.create(
        model="whisper-1",
        file=question,
        response_format=form,  # type: ignore[call-overload]
    )
    assert str(answer).lower().startswith(begins)


@pytest.fixture
def noise() -> bytes:
    """Five seconds of white noise; the recogniser itself finds words in it."""
    return wav_bytes((np.random.default_rng(2).standard_normal(80_000) * 3000).astype(np.int16))


@pytest.mark.parametrize(
    ("form", "answer"), [("json", ""), ("text", "\n"), ("srt", ""), ("vtt", "WEBVTT\n\n")]
)
def test_noise_has_no_words(client: openai.OpenAI, noise: bytes, form: str, answer: str) -> None:
    heard = client.audio.transcriptions.create(
        model="whisper-1",
        file=("noise.wav", noise),
        response_format=form,  # type: ignore[call-overload]
    )
    assert (heard.text if form == "json" else heard) == answer


def test_noise_has_no_segments(client: openai.OpenAI, noise: bytes) -> None:
    heard = client.audio.transcriptions.create(
        model="whisper-1", file=("noise.wav", noise), response_format="verbose_json"
    )
    assert (heard.text, heard.segments, heard.duration) == ("", [], 5.0)


def test_segments_have_their_times(client: openai.OpenAI, say: Callable[..., Samples]) -> None:
    pause = (np.random.default_rng(2).standard_normal(64_000) * 300).astype(np.int16)
    sound = np.concatenate([say("what time is it"), pause, say("what day is it")])
    heard = client.audio.transcriptions.create(
        model="whisper-1",
        file=("both.wav", wav_bytes(sound)),
        response_format="verbose_json",
        timestamp_granularities=["segment"],
    )
    assert heard.segments is not None
    first, second = heard.segments
    assert (first.id, second.id) == (0, 1)
    assert "time" in first.text and "day" in second.text
    assert 0.2 < first.start < first.end < second.start < second.end < len(sound) / SAMPLE_RATE
    assert second.start - first.end > 3.5


def test_times_of_words_are_not_given(client: openai.OpenAI, question: Path) -> None:
    with pytest.raises(openai.BadRequestError, match="timestamp_granularities") as caught:
        client.audio.transcriptions.create(
            model="whisper-1",
            file=question,
            response_format="verbose_json",
            timestamp_granularities=["segment", "word"],
        )
    assert caught.value.param == "timestamp_granularities"


@pytest.mark.parametrize("language", ["en", "en-US", "en_GB", "English"])
def test_the_language_of_the_box_may_be_named(client: openai.OpenAI, question: Path, language: str) -> None:
    answer = client.audio.transcriptions.create(model="whisper-1", file=question, language=language)
    assert "time" in answer.text


def test_another_language_is_refused(client: openai.OpenAI, question: Path) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.audio.transcriptions.create(model="whisper-1", file=question, language="de")
    assert (caught.value.code, caught.value.param) == ("language.unknown", "language")


def test_parameters_without_a_meaning_here_are_ignored(client: openai.OpenAI, question: Path) -> None:
    answer = client.audio.transcriptions.create(
        model="gpt-4o-transcribe",
        file=question,
        prompt="A question.",
        temperature=0.3,
        extra_body={"chunking_strategy": "auto", "something": "new"},
    )
    assert "time" in answer.text


def test_an_mp3_is_read(client: openai.OpenAI, say: Callable[..., Samples]) -> None:
    memory = io.BytesIO()
    soundfile.write(memory, say("what time is it"), SAMPLE_RATE, format="MP3")
    answer = client.audio.transcriptions.create(model="whisper-1", file=("a.mp3", memory.getvalue()))
    assert "time" in answer.text


@pytest.mark.parametrize(
    ("name", "head", "what"),
    [("a.m4a", b"\0\0\0\x1cftypM4A ", "M4A"), ("a.webm", b"\x1aE\xdf\xa3\x9fB\x86\x81", "WebM")],
)
def test_a_container_that_is_not_read_is_named(
    client: openai.OpenAI, name: str, head: bytes, what: str
) -> None:
    with pytest.raises(openai.BadRequestError, match=what) as caught:
        client.audio.transcriptions.create(model="whisper-1", file=(name, head + bytes(400)))
    assert caught.value.code == "audio.not-audio"


def test_bare_samples_have_openais_rate(client: openai.OpenAI) -> None:
    def length(form: str) -> float:
        answer = client.audio.speech.create(
            model="tts-1",
            voice="alloy",
            input="One moment, please.",
            response_format=form,  # type: ignore[arg-type]
        )
        if form == "pcm":
            assert "rate=24000" in answer.response.headers["content-type"]
            return len(answer.content) / 2 / 24_000
        with soundfile.SoundFile(io.BytesIO(answer.content)) as sound:
            assert sound.samplerate != 24_000
            return float(len(sound.read()) / sound.samplerate)

    assert length("pcm") == pytest.approx(length("wav"), rel=0.25)


def test_bare_samples_that_stream_have_it_too(client: openai.OpenAI) -> None:
    with client.audio.speech.with_streaming_response.create(
        model="tts-1", voice="alloy", input="One moment.", response_format="pcm", stream_format="sse"
    ) as answer:
        events = [json.loads(line[6:]) for line in answer.iter_lines() if line.startswith("data: ")]
    sound = b"".join(base64.b64decode(event["audio"]) for event in events if "audio" in event)
    whole = client.audio.speech.create(
        model="tts-1", voice="alloy", input="One moment.", response_format="pcm"
    )
    assert len(sound) == pytest.approx(len(whole.content), rel=0.25)


@pytest.mark.parametrize(
    ("values", "parameter"),
    [({"response_format": "aac"}, "response_format"), ({"stream_format": "chunks"}, "stream_format")],
)
def test_a_format_of_speech_that_is_not_made_is_named(
    client: openai.OpenAI, values: dict[str, str], parameter: str
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.audio.speech.create(model="tts-1", voice="alloy", input="x", **values)  # type: ignore[arg-type]
    assert caught.value.param == parameter


def test_a_speed_out_of_range_is_refused(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.audio.speech.create(model="tts-1", voice="alloy", input="One moment.", speed=4.0)
    assert caught.value.code == "speech.speed"


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


def test_the_usage_follows_a_stream_if_it_is_asked_for(client: openai.OpenAI) -> None:
    chunks = list(
        client.chat.completions.create(
            model="sotto",
            messages=[{"role": "user", "content": "what day is it"}],
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    assert [chunk.usage is not None for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
    assert chunks[-1].choices == []


def test_the_models_are_listed(client: openai.OpenAI) -> None:
    names = [model.id for model in client.models.list()]
    assert names[0] == "sotto"
    assert len(names) > 4


def test_one_model_is_told(client: openai.OpenAI) -> None:
    listed = list(client.models.list())
    assert [client.models.retrieve(model.id) for model in listed] == listed


@pytest.mark.parametrize("name", ["none", "openai/whisper-1"])
def test_an_unknown_model_is_not_found(client: openai.OpenAI, name: str) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve(name)
    assert caught.value.code == "model_not_found"


def test_errors_are_those_of_the_client(client: openai.OpenAI, tmp_path: Path) -> None:
    noise = tmp_path / "noise.wav"
    noise.write_bytes(b"this is no sound")
    with pytest.raises(openai.BadRequestError) as caught:
        client.audio.transcriptions.create(model="whisper-1", file=noise)
    assert caught.value.code == "audio.not-audio"
    with pytest.raises(openai.BadRequestError) as caught:
        client.audio.speech.create(model="tts-1", voice="alloy", input="x", response_format="aac")
    assert caught.value.code == "openai.format"
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="sotto", messages=[{"role": "system", "content": "hello"}])
    assert caught.value.code == "openai.messages"
    with pytest.raises(openai.AuthenticationError):
        client.with_options(api_key="sotto_wrong").models.list()
