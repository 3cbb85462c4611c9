"""The recogniser on spoken sentences: free, with a lexicon bias, and with a search in the grammar."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from assistant.audio.format import SAMPLE_RATE, Samples
from assistant.serving.serving import Serving
from assistant.speech.recogniser import Recogniser, RecogniserSettings
from common.errors import TooLarge
from tests.assistant.speech.conftest import ListGrammar
from tests.hearsay import plain

Say = Callable[..., Samples]

HOME = ListGrammar(
    [
        f"turn {state} the {room} {thing}"
        for state in ("on", "off")
        for room in ("kitchen", "bedroom", "hallway")
        for thing in ("light", "lamp", "fan")
    ]
)


def test_hears_a_sentence_without_a_grammar(recogniser: Recogniser, say: Say) -> None:
    transcript = recogniser.transcribe(say("what is the temperature in the living room"))
    assert plain(transcript.text) == "what is the temperature in the living room"
    assert transcript.method == "free"
    assert -1.0 < transcript.free_score < 0.0


def test_words_of_the_grammar_are_enough_when_they_parse(recogniser: Recogniser, say: Say) -> None:
    transcript = recogniser.transcribe(say("turn off the kitchen light"), HOME)
    assert (plain(transcript.text), transcript.method) == ("turn off the kitchen light", "bias")


def test_search_finds_a_spelling_that_is_never_heard_freely(serving: Serving, say: Say) -> None:
    unhelped = Recogniser(serving, RecogniserSettings(bias=0.0))
    grammar = ListGrammar(["turn on the kitchen lite", "close the garage", "what time is it"])
    transcript = unhelped.transcribe(say("turn on the kitchen light"), grammar)
    assert (plain(transcript.text), transcript.method) == (
        "turn on the kitchen lite",
        "constrained",
    )


def test_without_deep_the_grammar_is_not_searched(recogniser: Recogniser, say: Say) -> None:
    grammar = ListGrammar(["turn on the kitchen lite"])
    transcript = recogniser.begin(say("turn on the kitchen light"), grammar).quick()
    assert transcript.method == "free"


def test_a_search_begun_early_finds_the_same(serving: Serving, say: Say) -> None:
    unhelped = Recogniser(serving, RecogniserSettings(bias=0.0))
    grammar = ListGrammar(["turn on the kitchen lite", "close the garage", "what time is it"])
    audio = say("turn on the kitchen light")
    recognition = unhelped.begin(audio, grammar)
    recognition.search_ahead()
    early = recognition.quick()
    found = recognition.deep()
    later = unhelped.transcribe(say("close the garage"), grammar)
    alone = Recogniser(serving, RecogniserSettings(bias=0.0)).transcribe(audio, grammar)
    assert (early.method, found.method, later.text) == ("free", "constrained", "Close the garage.")
    assert (found.text, dict(found.scores)) == (alone.text, dict(alone.scores))


def test_a_search_that_was_given_up_is_made_when_it_is_needed(serving: Serving, say: Say) -> None:
    unhelped = Recogniser(serving, RecogniserSettings(bias=0.0))
    grammar = ListGrammar(["turn on the kitchen lite", "close the garage", "what time is it"])
    audio = say("turn on the kitchen light")
    recognition = unhelped.begin(audio, grammar)
    recognition.search_ahead(lambda: False)
    recognition.quick()
    assert recognition.deep().method == "constrained"


def test_a_search_that_is_not_needed_is_given_up(recogniser: Recogniser, say: Say) -> None:
    recognition = recogniser.begin(say("turn off the kitchen light"), HOME)
    search = recognition.search_ahead()
    assert recognition.quick().method == "bias"
    assert search is not None
    assert search.result() is None


def test_other_speech_is_reported_as_heard(recogniser: Recogniser, say: Say) -> None:
    transcript = recogniser.transcribe(say("could you book me a table for two tonight"), HOME)
    assert transcript.method == "free"
    assert "table" in transcript.text


def test_one_wrong_word_is_not_bent_into_the_grammar(recogniser: Recogniser, say: Say) -> None:
    transcript = recogniser.transcribe(say("turn on the bathroom television"), HOME)
    assert transcript.method == "free"


def test_grammar_without_automaton_only_helps(recogniser: Recogniser, say: Say) -> None:
    grammar = ListGrammar(["stop", "be quiet"], searchable=False)
    transcript = recogniser.transcribe(say("turn on the kitchen light"), grammar)
    assert transcript.method == "free"


def test_changed_grammar_is_noticed(recogniser: Recogniser, say: Say) -> None:
    audio = say("turn on the kitchen light")
    first = recogniser.transcribe(audio, ListGrammar(["close the garage"]))
    second = recogniser.transcribe(audio, ListGrammar(["turn on the kitchen light"]))
    assert (first.method, second.method) == ("free", "bias")


@pytest.mark.parametrize("samples", [0, 1, 159, 1599])
def test_too_short_to_hold_a_word(recogniser: Recogniser, samples: int) -> None:
    transcript = recogniser.transcribe(np.full(samples, 1000, np.int16), HOME)
    assert (transcript.text, transcript.method) == ("", "none")


def test_zeros_are_nothing(recogniser: Recogniser) -> None:
    transcript = recogniser.transcribe(np.zeros(SAMPLE_RATE, np.int16), HOME)
    assert (transcript.text, transcript.method) == ("", "none")


def test_noise_is_not_a_command(recogniser: Recogniser) -> None:
    noise = np.random.default_rng(0).normal(0, 800, SAMPLE_RATE).astype(np.int16)
    assert recogniser.transcribe(noise, HOME).method != "constrained"


def test_long_recording_is_refused_with_the_limit(recogniser: Recogniser) -> None:
    with pytest.raises(TooLarge) as caught:
        recogniser.transcribe(np.zeros(31 * SAMPLE_RATE, np.int16))
    assert "30 s" in caught.value.message


def test_longest_recording_is_taken(recogniser: Recogniser, say: Say) -> None:
    spoken = say("turn on the kitchen light")
    audio = np.zeros(30 * SAMPLE_RATE, np.int16)
    audio[: len(spoken)] = spoken
    assert "kitchen" in recogniser.transcribe(audio).text


def test_text_is_bounded(serving: Serving, say: Say) -> None:
    short = Recogniser(serving, RecogniserSettings(max_tokens=3))
    assert len(short.transcribe(say("turn on the kitchen light")).text.split()) <= 3


def test_threads_take_turns(recogniser: Recogniser, say: Say) -> None:
    audio = [say("turn on the kitchen light"), say("turn off the bedroom fan")] * 3
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda one: recogniser.transcribe(one, HOME).text, audio))
    assert together == [recogniser.transcribe(one, HOME).text for one in audio]
