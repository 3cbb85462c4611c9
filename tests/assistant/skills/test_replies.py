"""Replies in language files: what is wrong in them is named by file, line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.skills.cldr import cldr
from assistant.skills.language import load_language
from assistant.skills.lines import WordList, line
from assistant.skills.replies import Replies
from assistant.skills.reply_reader import read_replies
from assistant.understanding.sentence_file import read_sentence_file
from common.errors import GrammarError, InvalidInput, StorageError
from tests.assistant.skills.english import MODULES

HELLO = line("talk.hello", "name")
APPLES = line("talk.apples", "count")
PLACE = line("talk.place", "rank")
SORRY = line("common.sorry", "message")
ARTICLES = WordList("talk.articles")

GOOD = """\
language: en
replies:
  hello: Hello {name}, good to see you.
  apples:
    =0: no apples
    one: "{count:words} apple"
    other: "{count:words} apples"
  place: {one: "{rank}st", two: "{rank}nd", few: "{rank}rd", other: "{rank}th"}
words:
  articles: [the, My]
errors:
  disk.full: the disk is full
"""
COMMON = 'replies: {sorry: "Sorry, {message}."}\n'


def load(folder: Path, talk: str = GOOD, language: str = "en") -> Replies:
    """What the files of a folder say."""
    (folder / "talk.yaml").write_text(talk)
    (folder / "common.yaml").write_text(COMMON)
    read = [read_sentence_file(path, language) for path in sorted(folder.iterdir())]
    files = [file for file in read if file is not None]
    return read_replies(cldr(language), files, [HELLO, APPLES, PLACE, SORRY, ARTICLES])


def test_a_text_holds_its_values(tmp_path: Path) -> None:
    replies = load(tmp_path)
    assert replies.text(HELLO, name="Ada") == "Hello Ada, good to see you."
    assert [replies.text(APPLES, count=count) for count in (0, 1, 21)] == [
        "no apples",
        "one apple",
        "twenty one apples",
    ]
    ranks = [replies.text(PLACE, rank=rank) for rank in (1, 2, 3, 4, 11, 21, 112)]
    assert ranks == ["1st", "2nd", "3rd", "4th", "11th", "21st", "112th"]


def test_an_empty_value_takes_its_blank_along(tmp_path: Path) -> None:
    assert load(tmp_path).text(HELLO, name="") == "Hello, good to see you."


def test_values_that_the_line_has_not_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"talk\.hello has the values \['name'\]"):
        load(tmp_path).text(HELLO, who="Ada")


def test_words_are_lower_case_and_found_whole(tmp_path: Path) -> None:
    replies = load(tmp_path)
    assert replies.words(ARTICLES) == ("the", "my")
    assert replies.pattern(ARTICLES).search("on my way")
    assert not replies.pattern(ARTICLES).search("then and there")


def test_an_error_is_said_by_its_code_where_the_language_has_a_text(tmp_path: Path) -> None:
    replies = load(tmp_path)
    assert replies.sorry(StorageError("no space left", code="disk.full")) == "Sorry, the disk is full."
    assert replies.sorry(StorageError("no space left.", code="disk.gone")) == "Sorry, no space left."


@pytest.mark.parametrize(
    ("old", "new", "place", "message"),
    [
        ("{name}", "{nome}", ":3", "the reply hello has no value nome; it has: name"),
        ("{name}", "{name:loud}", ":3", "the reply hello: there is no style loud"),
        ("Hello {name}, good to see you.", "'Hello {'", ":3", "the reply hello: a value is written"),
        ("  hello: Hello {name}, good to see you.\n", "", "", "lacks here: the reply hello"),
        ("  articles: [the, My]", "  articles: the", ":10", "the words articles are not a list of texts"),
        ("  articles: [the, My]\n", "", "", "lacks here: the words articles"),
        ("  hello:", "  helo: Hi.\n  hello:", ":3", "nothing says the reply helo"),
        ("  articles:", "  artikel: [x]\n  articles:", ":10", "nothing asks for the words artikel"),
        ("    one:", "    few:", ":6", "has the form 'few'; in 'en' there are one, other, and =0"),
        ('    other: "{count:words} apples"\n', "", ":4", "the reply apples needs the form `other`"),
        ("Hello {name}, good to see you.", "{other: Hello}", ":3", "has no count, and so only one form"),
        ("Hello {name}, good to see you.", "[Hello]", ":3", "is not a text"),
        ("the disk is full", "[x]", ":12", "the text for the error disk.full is not a text"),
    ],
)
def test_a_fault_is_named(tmp_path: Path, old: str, new: str, place: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(GrammarError) as caught:
        load(tmp_path, GOOD.replace(old, new))
    assert caught.value.message.startswith(f"{tmp_path / 'talk.yaml'}{place}: ")
    assert message in caught.value.message


def test_a_text_stands_once(tmp_path: Path) -> None:
    files = []
    for name in ("some", "more"):
        folder = tmp_path / name
        folder.mkdir()
        load(folder)
        files += [file for path in sorted(folder.iterdir()) if (file := read_sentence_file(path, "en"))]
    with pytest.raises(GrammarError, match=r"more/common\.yaml:1: common\.sorry stands in another file too"):
        read_replies(cldr("en"), files, [HELLO, APPLES, PLACE, SORRY, ARTICLES])


def test_forms_are_those_of_the_language(tmp_path: Path) -> None:
    czech = GOOD.replace("language: en", "language: cs").replace(
        "    one:", '    few: "{count} jablka"\n    many: "{count} jablka"\n    one:'
    )
    czech = czech.replace('one: "{rank}st", two: "{rank}nd", few: "{rank}rd", ', "")
    replies = load(tmp_path, czech, "cs")
    assert replies.text(APPLES, count=3) == "3 jablka"
    assert replies.text(PLACE, rank=1) == "1th"


def test_a_language_without_files_names_those_that_are_there() -> None:
    with pytest.raises(InvalidInput) as caught:
        load_language("fr", MODULES)
    assert caught.value.hint == "they speak: en"


def test_a_language_must_say_everything(tmp_path: Path) -> None:
    (tmp_path / "clock.yaml").write_text('language: de\nreplies:\n  time: "Es ist {time}."\n')
    with pytest.raises(GrammarError) as caught:
        load_language("de", MODULES, [tmp_path])
    assert "the language 'de' lacks here: " in caught.value.message
