"""Lists: what is said about them, and what is kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.skills.list_book import MAX_CHARS, MAX_LISTS, MAX_THINGS, ListBook
from assistant.skills.list_words import ListWords
from common.errors import NotFound, TooLarge
from tests.assistant.skills.conftest import Box
from tests.assistant.skills.english import REPLIES

WORDS = ListWords(REPLIES)


@pytest.fixture
def book(tmp_path: Path) -> ListBook:
    return ListBook(tmp_path / "lists.json", ("shopping", "to do"))


def test_several_things_are_put_on_the_list_as_they_were_heard(box: Box) -> None:
    added = box.ask("Add some milk, Ben & Jerry's ice cream and two pounds of flour to the shopping list.")
    assert added.text == "Added milk, Ben & Jerry's ice cream and two pounds of flour to the shopping list."
    assert box.slots == {"item": "some milk, Ben & Jerry's ice cream and two pounds of flour"}
    read = box.ask("what is on my shopping list")
    assert read.text == (
        "There are three things on the shopping list: milk, Ben & Jerry's ice cream and two pounds of flour."
    )


def test_what_is_there_is_not_put_there_twice(box: Box) -> None:
    box.ask("add eggs to my list")
    assert box.ask("add an egg to the list").text == "An egg is on the shopping list already."
    assert box.ask("add eggs and bread to the list").text == "Added bread to the shopping list."


def test_things_of_the_to_do_list_are_parted_by_commas_alone(box: Box) -> None:
    assert (
        box.ask("add call mum and dad to my to do list").text == "Added call mum and dad to the to do list."
    )


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("remove the milk from the shopping list", ["Eggs", "bread"]),
        ("take milk and bread off the list", ["Eggs"]),
        ("cross off the egg on my shopping list", ["milk", "bread"]),
        ("delete item 2 from the list", ["milk", "bread"]),
        ("remove the last item", ["milk", "Eggs"]),
    ],
)
def test_things_are_taken_off(box: Box, said: str, left: list[str]) -> None:
    box.ask("add milk, Eggs and bread to the list")
    assert box.ask(said).text.startswith("Took ")
    for thing in ("milk", "eggs", "bread"):
        answer = box.ask(f"is {thing} on the list").text
        assert answer.startswith("Yes" if thing in [each.lower() for each in left] else "No")


def test_what_is_not_there_may_have_been_heard_wrongly(box: Box) -> None:
    box.ask("add milk and toilet paper to the list")
    assert box.ask("remove batteries from the list").text == "There is no batteries on the shopping list."
    asked = box.ask("remove meal from the list")
    assert asked.text == "There is no meal on the shopping list. Did you mean milk?"
    assert box.ask("yes").text == "Took milk off the shopping list."


def test_one_of_several_is_asked_for(box: Box) -> None:
    box.ask("add oat milk and soy milk to the list")
    assert box.ask("remove the milk from the list").text == "Which one, oat milk or soy milk?"
    assert box.ask("the soy one").text == "Took soy milk off the shopping list."


def test_counted_read_by_number_and_empty(box: Box) -> None:
    assert box.ask("what's on the list").text == "The shopping list is empty."
    box.ask("add milk and eggs to the list")
    assert box.ask("how many things are on my shopping list").text == (
        "There are two things on the shopping list."
    )
    assert box.ask("what is the second item on my list").text == "Number 2 on the shopping list is eggs."
    assert box.ask("what is item nine on my list").text == "The shopping list has only two things."


def test_a_list_is_made_filled_and_deleted(box: Box) -> None:
    assert box.ask("create a list called Garden Party").text == "Made the garden party list."
    assert box.ask("put candles on my garden party list").text == "Added candles to the garden party list."
    assert box.ask("what lists do i have").text == "You have the garden party list with one thing."
    asked = box.ask("delete the garden party list")
    assert asked.text == "The garden party list has one thing on it. Shall I delete it?"
    assert box.ask("yes").text == "Deleted the garden party list."
    assert box.ask("what is on my garden party list").text == "There is no garden party list."


def test_a_list_that_is_not_there_is_offered(box: Box) -> None:
    assert (
        box.ask("add pastries to the christmas list").text == "There is no christmas list. Shall I make one?"
    )
    assert box.ask("yes").text == "Made the christmas list, with pastries."
    assert box.ask("read my christmas list").text == "There is one thing on the christmas list: pastries."


def test_a_whole_list_is_cleared_after_a_question(box: Box) -> None:
    box.ask("add milk and eggs to the list")
    assert box.ask("clear the shopping list").text == "Shall I take two things off the shopping list?"
    assert box.ask("no").text == "Okay, I won't."
    box.ask("empty my list")
    assert box.ask("yes").text == "Cleared the shopping list."
    assert box.ask("read the list").text == "The shopping list is empty."


def test_what_is_missing_is_asked_for_and_any_words_answer(box: Box) -> None:
    assert box.ask("add something to my list").text == "What shall I put on the shopping list?"
    assert box.ask("bread and a dozen eggs").text == "Added bread and a dozen eggs to the shopping list."
    box.ask("add something to my list")
    box.ask("never mind")
    assert box.intent == "SottoNo"


def test_an_answer_of_any_words_comes_after_a_command(box: Box) -> None:
    box.ask("add something to my list")
    box.ask("what time is it")
    assert box.intent == "HassGetCurrentTime"


def test_putting_on_and_taking_off_are_taken_back(box: Box) -> None:
    box.ask("add milk to the list")
    reply = box.ask("add eggs to the list")
    box.skills.undo(reply.acts)
    assert box.ask("what's on the list").text == "There is one thing on the shopping list: milk."
    reply = box.ask("remove milk from the list")
    box.skills.undo(reply.acts)
    assert box.ask("what's on the list").text == "There is one thing on the shopping list: milk."


def test_lists_survive_a_restart(new_box: Callable[[], Box]) -> None:
    new_box().ask("add milk to the list")
    assert new_box().ask("is milk on the list").text == "Yes, milk is on the shopping list."


def test_a_long_list_is_read_in_part(box: Box) -> None:
    for number in range(40):
        box.ask(f"add thing number {number} to the list")
    assert box.ask("read the list").text.endswith("and 29 more.")


def test_lists_are_bounded(book: ListBook) -> None:
    book.add("shopping", [f"thing {number}" for number in range(MAX_THINGS)])
    with pytest.raises(TooLarge):
        book.add("to do", ["one more"])
    book.delete("shopping")
    for number in range(MAX_LISTS - 2):
        book.add(f"list {number}", ())
    with pytest.raises(TooLarge):
        book.add("one more", ())
    with pytest.raises(TooLarge):
        book.add("shopping", ["x" * (MAX_CHARS + 1)])


def test_a_file_of_ten_thousand_things_is_read_up_to_the_limit(tmp_path: Path) -> None:
    things = [f"thing {number}" for number in range(10_000)]
    content = {"version": 1, "lists": [{"name": "shopping", "things": things}]}
    (tmp_path / "lists.json").write_text(json.dumps(content))
    book = ListBook(tmp_path / "lists.json", ("shopping",))
    assert sum(len(each.things) for each in book.lists) == MAX_THINGS


@pytest.mark.parametrize("content", ["", "[]", '{"version": 2, "lists": []}', '{"version": 1, "lists": [1]}'])
def test_a_damaged_file_leaves_empty_lists(tmp_path: Path, content: str) -> None:
    (tmp_path / "lists.json").write_text(content)
    assert [each.things for each in ListBook(tmp_path / "lists.json", ("shopping",)).lists] == [()]


def test_what_has_gone_meanwhile_is_said(book: ListBook) -> None:
    with pytest.raises(NotFound):
        book.remove("shopping", ["milk"])


@given(st.lists(st.text(alphabet="abcde ", min_size=1).filter(str.strip), min_size=1, max_size=6))
def test_what_is_joined_with_commas_is_split_again(things: list[str]) -> None:
    plain = list(dict.fromkeys(" ".join(f"x{thing}".split()) for thing in things))
    assert WORDS.things(", ".join(plain), "shopping") == plain


@pytest.mark.parametrize(
    ("said", "things"),
    [
        ("milk, eggs, and bread", ["milk", "eggs", "bread"]),
        ("milk and eggs and milk", ["milk", "eggs"]),
        ("Salt and pepper and fish and chips", ["Salt and pepper", "fish and chips"]),
        ("the milk, some eggs", ["milk", "eggs"]),
        ("and", ["and"]),
        (", ,", []),
    ],
)
def test_things_are_told_apart(said: str, things: list[str]) -> None:
    assert WORDS.things(said, "shopping") == things
