"""Figures of understanding, on sentences that are made up here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant.home.config import SAMPLE_HOME, load_home
from assistant.home.names import home_names
from assistant.understanding.parse import Parse
from common.errors import InvalidInput, NotFound
from services.bench.slurp import FILE, Sentence, meanings, read_sentences
from services.bench.template_sentences import samples
from services.bench.understanding import of_slurp


def _line(sentence: str, intent: str, scenario: str, annotation: str = "") -> str:
    entry = {"sentence": sentence, "intent": intent, "scenario": scenario, "annotation": annotation}
    return json.dumps(entry)


def test_values_and_names_are_read(tmp_path: Path) -> None:
    annotation = "wake me at [time : half past six] [date : tomorrow]"
    (tmp_path / FILE).write_text(_line("wake me at half past six tomorrow", "set", "alarm", annotation))
    (sentence,) = read_sentences(tmp_path)
    assert sentence.intent == "alarm_set"
    assert sentence.values == (("time", "half past six"), ("date", "tomorrow"))


def test_a_folder_without_sentences_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        read_sentences(tmp_path)
    assert caught.value.code == "bench.no-sentences"


@pytest.mark.parametrize("content", ["no json", "[]", '{"sentence": "a"}', '"a"'])
def test_a_damaged_file_is_said(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    with pytest.raises(InvalidInput):
        read_sentences(tmp_path)


TEN = Sentence("set an alarm for ten", "alarm_set", "alarm", (("time", "ten"),))
FOREIGN = Sentence("order a pizza", "takeaway_order", "takeaway")


def test_a_value_is_right_where_a_slot_of_its_kind_was_heard() -> None:
    right = Parse("SottoSetAlarm", {"hour": 10}, TEN.text, {"hour": "10"})
    elsewhere = Parse("SottoSetAlarm", {"day": "10"}, TEN.text, {"day": "10"})
    assert meanings().values_are_right(TEN, right)
    assert not meanings().values_are_right(TEN, elsewhere)


def test_what_is_taken_right_wrong_and_foreign_is_counted() -> None:
    parse = Parse("SottoSetAlarm", {"hour": 10}, TEN.text, {"hour": "10"})
    other = Parse("HassStartTimer", {}, TEN.text)
    mine, foreign = [(TEN, parse), (TEN, other), (TEN, None)], [(FOREIGN, parse), (FOREIGN, None)]
    figures = of_slurp([*mine, *foreign], meanings())
    assert figures["mine"]["count"] == 3
    assert figures["mine"]["intent_right_percent"] == 33.3
    assert figures["by_source"]["grammar"]["count"] == 2
    assert {(c["meant"], c["taken_as"]) for c in figures["confusions"]} == {
        ("alarm_set", "HassStartTimer"),
        ("alarm_set", "nothing"),
    }
    assert figures["foreign"]["taken"] == 1


def test_samples_of_the_templates_are_the_same_every_time() -> None:
    names = home_names(load_home(SAMPLE_HOME))
    first = samples(names, each=1)
    assert first == samples(names, each=1)
    assert {"HassTurnOn", "HassStartTimer", "HassShoppingListAddItem"} <= {sample.intent for sample in first}


def test_a_sample_is_met_by_its_slots_alone() -> None:
    names = home_names(load_home(SAMPLE_HOME))
    sample = next(each for each in samples(names, each=1) if each.intent == "HassShoppingListAddItem")
    assert sample.is_met_by(Parse(sample.intent, {**sample.slots, "more": 1}, sample.text))
    assert not sample.is_met_by(Parse(sample.intent, {"item": "something else"}, sample.text))
    assert not sample.is_met_by(None)
