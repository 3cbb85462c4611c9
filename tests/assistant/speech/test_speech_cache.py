from __future__ import annotations

import threading
from collections.abc import Generator

import numpy as np
import pytest

from assistant.audio.format import Samples
from assistant.serving.result_cache import HITS, MISSES
from assistant.speech.speech_cache import SpeechCache, SpeechCacheSettings
from common.errors import Unavailable


class _Source:
    """Gives five chunks of 0.1 s for each sentence, and records them; "broken" fails in the middle."""

    sample_rate = 10_000
    pause_s = 0.05

    def __init__(self) -> None:
        self.made: list[tuple[str, int]] = []
        self.changed = threading.Condition()

    def check(self, text: str) -> None:
        pass

    def stream(self, text: str, speed: float = 0.0) -> Generator[Samples, None, None]:
        for number in range(5):
            if "broken" in text and number == 2:
                raise Unavailable("no voice")
            with self.changed:
                self.made.append((text, number))
                self.changed.notify_all()
            yield np.full(1_000, number, np.int16)

    def wait_for(self, count: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.made) >= count, 10)


def _sound(voice: SpeechCache, text: str) -> list[int]:
    return [int(sample) for sample in np.concatenate(list(voice.stream(text)))]


def test_what_was_said_once_is_not_made_again() -> None:
    source = _Source()
    voice = SpeechCache(source)
    assert _sound(voice, "Okay.") == _sound(voice, "Okay.")
    assert len(source.made) == 5


def test_what_is_prepared_is_begun_and_no_more() -> None:
    source = _Source()
    voice = SpeechCache(source)
    voice.prepare("Turned on the light. It is warm.")
    source.wait_for(2)
    voice.close()
    assert source.made == [("Turned on the light.", 0), ("Turned on the light.", 1)]
    assert len(_sound(voice, "Turned on the light. It is warm.")) == 10_500


def test_the_opening_of_a_reply_is_known_from_another() -> None:
    source = _Source()
    voice = SpeechCache(source)
    _sound(voice, "Sorry. The lamp is broken-hearted."[:6])
    source.made.clear()
    stream = iter(voice.stream("Sorry. Not today."))
    next(stream)
    assert source.made == []


def test_a_voice_that_failed_leaves_no_half_sentence_behind() -> None:
    voice = SpeechCache(_Source())
    for _ in range(2):
        with pytest.raises(Unavailable):
            _sound(voice, "This is broken.")
    assert not voice.has("This is broken.")


def test_an_interrupted_reply_can_be_said_again_whole() -> None:
    voice = SpeechCache(_Source())
    stream = iter(voice.stream("Okay."))
    next(stream)
    del stream
    assert len(_sound(voice, "Okay.")) == 5_000


def test_the_oldest_sentences_are_dropped_when_the_cache_is_full() -> None:
    voice = SpeechCache(_Source(), SpeechCacheSettings(megabytes=0.025))
    for text in ("One.", "Two.", "Three."):
        for _ in range(2):
            _sound(voice, text)
    assert [voice.has(text) for text in ("One.", "Two.", "Three.")] == [False, True, True]


def test_what_is_said_once_does_not_push_out_what_is_said_often() -> None:
    voice = SpeechCache(_Source(), SpeechCacheSettings(megabytes=0.1))
    for text in ("Often.", "Often.", "One.", "Two.", "Three.", "Four."):
        _sound(voice, text)
    assert [voice.has(text) for text in ("Often.", "One.", "Two.", "Three.", "Four.")] == [
        True, False, False, True, True,
    ]  # fmt: skip


def test_what_was_rendered_ahead_counts_as_said_often() -> None:
    voice = SpeechCache(_Source(), SpeechCacheSettings(megabytes=0.1))
    _sound(voice, "Okay.")
    assert voice.render(["Frequent."])
    voice._ahead.shutdown(wait=True)
    for text in ("One.", "Two.", "Three."):
        _sound(voice, text)
    assert [voice.has(text) for text in ("Frequent.", "Okay.", "Two.", "Three.")] == [True, False, True, True]


def test_a_long_sentence_is_spoken_and_not_kept() -> None:
    voice = SpeechCache(_Source(), SpeechCacheSettings(max_chars=10))
    assert len(_sound(voice, "A sentence of some length.")) == 5_000
    assert not voice.has("A sentence of some length.")


def test_replies_are_rendered_ahead_once_the_machine_was_seen_to_be_fast() -> None:
    source = _Source()
    voice = SpeechCache(source)
    assert not voice.render(["Frequent."]), "the speed of the machine is not known yet"
    _sound(voice, "Okay.")
    assert voice.render(["Okay.", "Frequent."])
    source.wait_for(10)
    voice._ahead.shutdown(wait=True)
    assert voice.has("Frequent.")
    assert not voice.render(["Okay.", "Frequent."])


def test_several_may_listen_to_the_same_sentence() -> None:
    voice = SpeechCache(_Source())
    first, second = iter(voice.stream("Okay.")), iter(voice.stream("Okay."))
    heard = [next(first)[0], next(second)[0], next(second)[0], next(first)[0]]
    assert heard == [0, 0, 1, 1]


def test_nothing_is_rendered_ahead_that_would_push_out_what_is_kept() -> None:
    voice = SpeechCache(_Source(), SpeechCacheSettings(megabytes=0.005))
    _sound(voice, "Okay.")
    assert not voice.render(["Frequent."])
    assert voice.has("Okay.")


def test_only_what_somebody_waits_for_counts_as_a_hit_or_a_miss() -> None:
    def counts() -> tuple[float, float]:
        families = (HITS.family(), MISSES.family())
        assert all(families)
        hits, misses = (
            sum(each.value for each in family.samples if ("cache", "speech") in each.labels)
            for family in families
            if family is not None
        )
        return hits, misses

    voice = SpeechCache(_Source())
    hits, misses = counts()
    _sound(voice, "Okay.")
    assert voice.render(["Frequent."])
    voice._ahead.shutdown(wait=True)
    assert counts() == (hits, misses + 1)
    _sound(voice, "Frequent.")
    assert counts() == (hits + 1, misses + 1)
