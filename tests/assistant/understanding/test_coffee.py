"""The command language of the recorded speech, as far as text goes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from assistant.understanding.grammar import Grammar
from assistant.understanding.names import HomeNames
from assistant.understanding.normalise import normalise
from assistant.understanding.numerals import numerals
from assistant.understanding.sentences import build_grammar


@pytest.fixture(scope="module")
def coffee(speech_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Grammar:
    folder = tmp_path_factory.mktemp("coffee")
    shutil.copy(speech_dir / "commands" / "coffee.yaml", folder)
    return build_grammar("en", False, [folder], HomeNames(), None)


@pytest.fixture(scope="module")
def orders(speech_dir: Path) -> list[dict[str, str]]:
    labels = json.loads((speech_dir / "commands" / "labels.json").read_text())
    return [{slot: value.strip() for slot, value in label["slots"].items()} for label in labels.values()]


def sentence(order: dict[str, str]) -> str:
    before = [order[slot] for slot in ("size", "roast", "numberOfShots") if slot in order]
    after = [order[slot] for slot in ("milkAmount", "sugarAmount") if slot in order]
    words = ["can I get a", *before, order["coffeeDrink"]]
    return " ".join(words) + (f" with {' and '.join(after)}" if after else "")


def test_every_order_has_its_slots(coffee: Grammar, orders: list[dict[str, str]]) -> None:
    wrong = []
    for order in orders:
        parse = coffee.parse(sentence(order))
        if parse is None or parse.intent != "orderDrink" or parse.slots != order:
            wrong.append((sentence(order), parse))
    assert wrong == []


def test_orders_as_a_recogniser_writes_them(coffee: Grammar, orders: list[dict[str, str]]) -> None:
    wrong = []
    for order in orders:
        text = numerals("en").to_digits(normalise(sentence(order))).replace(" ounce", "-ounce")
        parse = coffee.parse(text.capitalize() + "?")
        if parse is None or parse.slots != order:
            wrong.append((text, parse))
    assert wrong == []


def test_the_automaton_accepts_every_order(coffee: Grammar, orders: list[dict[str, str]]) -> None:
    automaton = coffee.automaton
    for order in orders:
        plain = normalise(sentence(order))
        for text in (plain, numerals("en").to_digits(plain)):
            assert automaton.accepts(automaton.walk(text)), text


def test_other_drinks_are_not_accepted(coffee: Grammar) -> None:
    for text in ("can i get a small tea", "turn on the light", "make me a medium"):
        assert not coffee.parses(text)
