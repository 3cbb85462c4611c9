from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.turn.endpointing import Decision, EndpointingSettings, decide, wait_ms
from assistant.understanding.completeness import Completeness
from common.errors import InvalidInput

states = st.sampled_from([None, *Completeness])
times = st.integers(0, 20_000)


def ordered(waits: list[int], longest: float) -> EndpointingSettings:
    complete, extendable, finished, unparsed, unfinished = sorted(waits)
    return EndpointingSettings(
        complete, extendable, finished, unparsed, unfinished, complete, extendable, max_turn_s=longest
    )


settings = st.builds(
    ordered,
    st.lists(st.integers(1, 5_000), min_size=5, max_size=5),
    st.floats(0.1, 30),
)


@given(times, times, times, states, settings)
def test_more_silence_never_turns_a_commit_into_a_wait(
    silence: int, more: int, speech: int, state: Completeness | None, chosen: EndpointingSettings
) -> None:
    if decide(silence, speech, state, chosen) is Decision.COMMIT:
        assert decide(silence + more, speech, state, chosen) is Decision.COMMIT


@given(times, st.integers(1, 20_000), settings)
def test_the_more_finished_the_sooner(silence: int, speech: int, chosen: EndpointingSettings) -> None:
    order = [
        Completeness.COMPLETE,
        Completeness.EXTENDABLE,
        Completeness.UNPARSED,
        Completeness.UNFINISHED,
        None,
    ]
    commits = [decide(silence, speech, state, chosen) is Decision.COMMIT for state in order]
    assert commits == sorted(commits, reverse=True)


@given(states, st.integers(0, 15_000), settings)
def test_a_turn_ends_at_its_longest(
    state: Completeness | None, speech: int, chosen: EndpointingSettings
) -> None:
    rest = max(0, int(chosen.max_turn_s * 1000) - speech + 1)
    assert decide(rest, speech, state, chosen) is Decision.COMMIT


@given(st.integers(1, 200), settings)
def test_a_short_word_waits_no_longer_than_a_long_one(speech: int, chosen: EndpointingSettings) -> None:
    silence = wait_ms(Completeness.COMPLETE, chosen)
    assert decide(silence, speech, Completeness.COMPLETE, chosen) is Decision.COMMIT


@pytest.mark.parametrize(
    ("state", "silence"),
    [
        (Completeness.COMPLETE, 64),
        (Completeness.EXTENDABLE, 320),
        (Completeness.UNPARSED, 700),
        (Completeness.UNFINISHED, 2000),
        (None, 2000),
    ],
)
def test_the_waits_are_as_set(state: Completeness | None, silence: int) -> None:
    assert decide(silence - 1, 900, state) is Decision.WAIT
    assert decide(silence, 900, state) is Decision.COMMIT


def test_nobody_is_cut_off_before_speaking() -> None:
    assert decide(5_000, 0, None) is Decision.WAIT


@pytest.mark.parametrize(
    "values", [{"complete_ms": 500}, {"complete_ms": 0}, {"unfinished_ms": 100}, {"max_turn_s": 0}]
)
def test_waits_out_of_order_are_refused(values: dict[str, int]) -> None:
    with pytest.raises(InvalidInput) as caught:
        EndpointingSettings(**values)
    assert caught.value.code == "turn.settings"


@given(states, settings, st.floats(1, 2), st.sampled_from([None, True, False]))
def test_the_wait_stays_within_what_is_set(
    state: Completeness | None, chosen: EndpointingSettings, stretch: float, sounds: bool | None
) -> None:
    wait = wait_ms(state, chosen, stretch=stretch, sounds_finished=sounds)
    assert chosen.complete_ms <= wait <= chosen.unfinished_ms
    if state is Completeness.COMPLETE:
        assert wait <= chosen.longest_complete_ms
    if state is Completeness.EXTENDABLE:
        assert wait <= chosen.longest_extendable_ms


@given(states, st.floats(1, 2))
def test_a_voice_that_sounds_finished_is_waited_for_no_longer(
    state: Completeness | None, stretch: float
) -> None:
    chosen = EndpointingSettings()
    assert wait_ms(state, chosen, stretch=stretch, sounds_finished=True) <= wait_ms(
        state, chosen, stretch=stretch, sounds_finished=False
    )


def test_words_nobody_knows_said_like_an_end_are_answered_sooner() -> None:
    assert decide(400, 900, Completeness.UNPARSED, sounds_finished=True) is Decision.COMMIT
    assert decide(400, 900, Completeness.UNPARSED, sounds_finished=False) is Decision.WAIT


def test_who_sounds_as_if_going_on_is_waited_for() -> None:
    assert decide(320, 900, Completeness.EXTENDABLE, sounds_finished=True) is Decision.COMMIT
    assert decide(499, 900, Completeness.EXTENDABLE, sounds_finished=False) is Decision.WAIT
    assert decide(500, 900, Completeness.EXTENDABLE, sounds_finished=False) is Decision.COMMIT
