"""The voice self-test: the box recognises a sentence that it has synthesised, and answers it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from time import perf_counter

import numpy as np

from assistant.assistant import Assistant
from assistant.audio.convert import Resampler
from assistant.audio.format import SAMPLE_RATE
from assistant.speech.spoken import spoken
from assistant.understanding.normalise import normalise

#: A question, so that the test has no side effect.
SENTENCE = "What time is it?"
INTENT = "HassGetCurrentTime"
_TAIL_S = 0.3


@dataclass(frozen=True)
class SelfTest:
    """The result.

    Attributes:
        passed: whether the sentence was understood.
        transcript: what the recogniser found.
        intent: of the transcript; None if the grammar rejects it.
        reply: of the box.
        spoken_s: length of the sentence, in seconds.
        first_sound_ms: from the start to the first sound of the sentence.
        synthesise_ms: from the start to its end.
        recognise_ms: duration of the recognition.
        understand_ms: duration of parse and skill.
        reply_first_sound_ms: from the reply's text to its first sound.
    """

    passed: bool
    transcript: str
    intent: str | None
    reply: str
    spoken_s: float
    first_sound_ms: float
    synthesise_ms: float
    recognise_ms: float
    understand_ms: float
    reply_first_sound_ms: float

    def to_json(self) -> str:
        """One JSON object."""
        return json.dumps(asdict(self))


def voice_selftest(assistant: Assistant) -> SelfTest:
    """Run the test without a sound device: synthesiser -> recogniser -> grammar -> skill -> synthesiser.

    Raises:
        SottoError: a part of the assistant fails.
    """
    begun = perf_counter()
    chunks = assistant.synthesise(SENTENCE)
    parts = [next(chunks)]
    first_sound = perf_counter()
    parts.extend(chunks)
    synthesised = perf_counter()
    resampler = Resampler(assistant.voice.sample_rate, SAMPLE_RATE)
    silence = np.zeros(int(_TAIL_S * SAMPLE_RATE), np.int16)
    speech = np.concatenate([resampler.process(np.concatenate(parts)), resampler.flush(), silence])
    ready = perf_counter()
    transcript = assistant.transcribe(speech)
    recognised = perf_counter()
    outcome = assistant.dialogue.respond(transcript.text)
    understood = perf_counter()
    reply = assistant.voice.stream(spoken(outcome.reply.text))
    next(reply, None)
    replied = perf_counter()
    intent = outcome.parse.intent if outcome.parse else None
    return SelfTest(
        passed=_is_right(assistant, transcript.text, intent),
        transcript=transcript.text,
        intent=intent,
        reply=outcome.reply.text,
        spoken_s=len(speech) / SAMPLE_RATE - _TAIL_S,
        first_sound_ms=(first_sound - begun) * 1e3,
        synthesise_ms=(synthesised - begun) * 1e3,
        recognise_ms=(recognised - ready) * 1e3,
        understand_ms=(understood - recognised) * 1e3,
        reply_first_sound_ms=(replied - understood) * 1e3,
    )


def _is_right(assistant: Assistant, text: str, intent: str | None) -> bool:
    """Whether the intent is the right one. If the grammar does not have it, the words are compared."""
    if INTENT in assistant.grammar.intents:
        return intent == INTENT
    return normalise(text) == normalise(SENTENCE)


def print_report(test: SelfTest) -> None:
    """Print the result as text."""
    verdict = "passed" if test.passed else "FAILED"
    print(f"sotto: voice self-test {verdict}")
    print(
        f'  said        "{SENTENCE}" ({test.spoken_s:.1f} s; first sound after '
        f"{test.first_sound_ms:.0f} ms, all of it after {test.synthesise_ms:.0f} ms)"
    )
    print(f'  recognised  "{test.transcript}" in {test.recognise_ms:.0f} ms')
    print(f"  understood  {test.intent or 'nothing'} in {test.understand_ms:.1f} ms")
    print(f'  answered    "{test.reply}", first sound after {test.reply_first_sound_ms:.0f} ms')
    if not test.passed:
        print("  try: sotto models verify", flush=True)
