"""How long a pause after a text is worth waiting for."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.understanding.completeness import Completeness
from assistant.understanding.grammar import Grammar

COMPLETE, EXTENDABLE = Completeness.COMPLETE, Completeness.EXTENDABLE
UNFINISHED, UNPARSED = Completeness.UNFINISHED, Completeness.UNPARSED


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # A device or a place is named: nothing that may follow changes the command.
        ("turn on the kitchen light", COMPLETE),
        ("please turn on the kitchen light", COMPLETE),
        ("turn on the kitchen light please", COMPLETE),
        ("turn on the lights in the kitchen", COMPLETE),
        ("turn off the office light", COMPLETE),
        ("lock the front door", COMPLETE),
        ("is the front door locked", COMPLETE),
        ("what is the temperature in the kitchen", COMPLETE),
        ("set the kitchen light to 50 percent", COMPLETE),
        ("set the kitchen light to 50", COMPLETE),
        ("open the left blinds to 50 percent", COMPLETE),
        ("turn the kitchen light red", COMPLETE),
        ("set a timer for five minutes and thirty seconds", COMPLETE),
        ("cancel the pizza timer", COMPLETE),
        # Short commands act at once, whatever longer ones begin with them.
        ("stop", COMPLETE),
        ("yes", COMPLETE),
        ("what time is it", COMPLETE),
        ("what's the date", COMPLETE),
        ("never mind", COMPLETE),
        # More words would change what happens.
        ("turn off all the lights", EXTENDABLE),
        ("set a timer for five minutes", EXTENDABLE),
        ("set a timer for 5 minutes", EXTENDABLE),
        ("set the kitchen light to twenty", EXTENDABLE),
        ("set the thermostat to twenty one", EXTENDABLE),
        ("open the left blinds", EXTENDABLE),
        ("cancel the timer", EXTENDABLE),
        ("are any lights on", EXTENDABLE),
        # Plainly not done.
        ("turn", UNFINISHED),
        ("turn on", UNFINISHED),
        ("turn on the", UNFINISHED),
        ("turn on the kitch", UNFINISHED),
        ("turn on the lights in", UNFINISHED),
        ("turn on the lights in the living", UNFINISHED),
        ("set a timer", UNFINISHED),
        ("set a timer for", UNFINISHED),
        ("set a timer for five", UNFINISHED),
        ("set a timer for 5", UNFINISHED),
        ("set a timer called pizza", UNFINISHED),
        ("set the kitchen light to", UNFINISHED),
        ("turn off the kitchen light in five", UNFINISHED),
        # A name alone is no command, though "off" may follow.
        ("kitchen light", UNFINISHED),
        ("the kitchen light", UNFINISHED),
        ("can you", UNFINISHED),
        ("what", UNFINISHED),
        # Foreign.
        ("the weather on mars", UNPARSED),
        ("pause the music", UNPARSED),
        ("cancel my subscription", UNPARSED),
        ("turn on the kitchen table", UNPARSED),
        ("", UNPARSED),
    ],
)
def test_judges(grammar: Grammar, text: str, expected: Completeness) -> None:
    assert grammar.completeness(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("turn on the light", EXTENDABLE),
        ("turn on the lights", EXTENDABLE),
        ("turn on the lights here", COMPLETE),
        ("what is the temperature", EXTENDABLE),
        ("turn on the kitchen light", COMPLETE),
    ],
)
def test_an_implied_place_may_still_be_named(
    kitchen_grammar: Grammar, text: str, expected: Completeness
) -> None:
    assert kitchen_grammar.completeness(text) is expected


def test_a_text_above_the_limit_is_foreign(grammar: Grammar) -> None:
    assert grammar.completeness("turn on " * 1000) is UNPARSED


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_every_beginning_of_a_sentence_is_known(grammar: Grammar, data: st.DataObject) -> None:
    text = data.draw(
        st.sampled_from(
            [
                "turn on the lights in the living room",
                "set the thermostat to twenty one point five degrees",
                "set a timer for one hour and five minutes",
                "could you please close the garage door",
                "how much time is left on the timer",
            ]
        )
    )
    cut = data.draw(st.integers(1, len(text)))
    assert grammar.completeness(text[:cut]) is not UNPARSED


@settings(max_examples=60, deadline=None)
@given(st.text("abcdefghijklmnopqrstuvwxyz 0123456789", max_size=40))
def test_complete_exactly_when_it_parses(grammar: Grammar, text: str) -> None:
    done = grammar.completeness(text) in (COMPLETE, EXTENDABLE)
    assert done == grammar.parses(text)
