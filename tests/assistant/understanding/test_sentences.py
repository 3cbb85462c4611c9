"""Sentence files: what is wrong in them is named by file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.understanding.builder import GrammarBuilder
from assistant.understanding.builtin import BuiltinBlocks
from assistant.understanding.limits import MAX_FILE_BYTES
from assistant.understanding.names import DeviceName, HomeNames
from assistant.understanding.sentence_file import read_sentence_file
from assistant.understanding.sentences import SentenceSource, build_grammar
from common.errors import GrammarError, InvalidInput, NotFound, SottoError, TooLarge
from tests.assistant.understanding.conftest import SUPPORTED

GOOD = "intents:\n  Go:\n    data:\n      - sentences: [go]\n"


def load(folder: Path, *texts: str, builtin: bool = False) -> None:
    for index, text in enumerate(texts):
        (folder / f"{index}.yaml").write_text(text)
    SentenceSource("en", builtin, (folder,), SUPPORTED).load(HomeNames())


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("intents:\n  Go: [unclosed", 2, "expected"),
        ("intents:\n\tGo: x", 2, "cannot start any token"),
        (GOOD.replace("go]", "'turn (on']"), 4, "Unable to find end of group"),
        (GOOD.replace("go]", "'{x']"), 4, "Unable to find end of list"),
        (GOOD.replace("go]", "'()']"), 4, "not a sentence template"),
        (GOOD.replace("go]", "'the {colour} one']"), 4, "there is no list colour"),
        (GOOD.replace("go]", "'the <thing> one']"), 4, "there is no rule thing"),
        (GOOD.replace("go]", "'(a;b;c;d;e;f;g)']"), 4, "permutation"),
        (GOOD.replace("sentences", "sentence"), 4, "unknown key 'sentence'"),
        (GOOD.replace("[go]", "go"), 2, "not a list of texts"),
        (GOOD.replace("[go]", "[]"), 2, "no `sentences`"),
        (GOOD.replace("[go]", "[{a: b}]"), 2, "no text"),
        (GOOD + "list: {}\n", 5, "unknown key 'list'"),
        (GOOD + "lists:\n  a:\n    vals: [x]\n", 6, "needs one of"),
        (GOOD + "lists:\n  a: {values: x}\n", 6, "not a list"),
        (GOOD + "lists:\n  a: {values: [true]}\n", 6, "put it in quotes"),
        (GOOD + "lists:\n  a: {values: ['(x']}\n", 6, "Unable to find"),
        (GOOD + "lists:\n  a: {values: [{in: '<no>', out: 1}]}\n", 6, "there is no rule no"),
        (GOOD + "lists:\n  a: {range: {from: 5, to: 1}}\n", 6, "`from` is at most `to`"),
        (GOOD + "lists:\n  a: {range: {from: a, to: 1}}\n", 6, "whole numbers"),
        (GOOD + "lists:\n  a: {range: {from: 0, to: 1000000}}\n", 6, "above the limit of 10001"),
        (GOOD + "lists:\n  a: {range: {from: 0, to: 9, fractions: x}}\n", 6, "the list a"),
        (GOOD.replace("go]", "'{5..1:n}']"), 4, "the range 5..1: it is empty"),
        (GOOD.replace("go]", "'{1..99999:n}']"), 4, "99999 numbers are above the limit of 10001"),
        (GOOD + "lists:\n  name: {values: [x]}\n", 6, "filled from the home"),
        (GOOD + "lists:\n  a: {values: [x]}\n  a: {values: [y]}\n", 7, "twice"),
        (GOOD + "expansion_rules:\n  a: 'x <b>'\n  b: 'y <a>'\n", 6, "circle: a -> b -> a"),
        (GOOD + "expansion_rules:\n  a: 'x <a>'\n", 6, "circle: a -> a"),
        (
            "lists:\n  any: {wildcard: true}\n" + GOOD.replace("go]", "'[go] {any}']"),
            6,
            "nothing but a wildcard",
        ),
    ],
)
def test_a_fault_is_named_with_file_and_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    with pytest.raises(GrammarError) as caught:
        load(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path / '0.yaml'}:{line}:")
    assert message in caught.value.message


@pytest.mark.parametrize("builtin", [True, False])
def test_an_intent_that_nothing_answers_is_a_fault(tmp_path: Path, builtin: bool) -> None:
    with pytest.raises(GrammarError) as caught:
        load(tmp_path, GOOD, "intents:\n  Come:\n    data:\n      - sentences: [come]\n", builtin=builtin)
    assert caught.value.message == f"{tmp_path / '1.yaml'}:2: nothing answers the intent Come"
    assert "Go, HassCancelAllTimers" in caught.value.hint


@pytest.mark.parametrize("key", ["replies", "words", "errors"])
def test_the_owners_files_change_no_reply(tmp_path: Path, key: str) -> None:
    with pytest.raises(GrammarError, match=rf"0\.yaml:6: `{key}`"):
        load(tmp_path, f"{GOOD}{key}:\n  not_understood: Pardon?\n")


def test_rules_that_double_without_end_are_refused(tmp_path: Path) -> None:
    rules = "".join(f"  r{n}: '<r{n + 1}> <r{n + 1}>'\n" for n in range(30))
    with pytest.raises(TooLarge, match="above the limit of 10000"):
        load(tmp_path, f"{GOOD}expansion_rules:\n{rules}  r30: 'x'\n")


def test_a_list_defined_in_two_files_names_both(tmp_path: Path) -> None:
    other = GOOD + "lists:\n  a: {values: [y]}\n"
    with pytest.raises(GrammarError) as caught:
        load(tmp_path, GOOD + "lists:\n  a: {values: [x]}\n", other)
    assert f"{tmp_path / '1.yaml'}:6" in caught.value.message
    assert f"{tmp_path / '0.yaml'}:6" in caught.value.message


def test_the_same_list_twice_is_no_fault(tmp_path: Path) -> None:
    load(tmp_path, *[GOOD + "lists:\n  a: {values: [x]}\n"] * 2)


def test_an_own_rule_may_not_change_a_built_in_one(tmp_path: Path) -> None:
    with pytest.raises(GrammarError, match="already defined: built in"):
        load(tmp_path, GOOD + "expansion_rules:\n  the: 'ye olde'\n", builtin=True)


def test_own_sentences_may_use_built_in_rules_and_lists(tmp_path: Path, home: HomeNames) -> None:
    (tmp_path / "a.yaml").write_text(GOOD.replace("go]", "'paint [<the>] {name} {color}']"))
    grammar = build_grammar("en", True, [tmp_path], home, SUPPORTED)
    parse = grammar.parse("paint the router blue")
    assert parse is not None
    assert (parse.intent, parse.slots) == ("Go", {"name": "switch.router", "color": "blue"})


def test_own_sentences_are_added_to_a_built_in_intent(tmp_path: Path, home: HomeNames) -> None:
    (tmp_path / "a.yaml").write_text("intents: {HassNevermind: {data: [{sentences: [forget it]}]}}")
    grammar = build_grammar("en", True, [tmp_path], home, SUPPORTED)
    for text in ("forget it", "never mind"):
        parse = grammar.parse(text)
        assert parse is not None
        assert parse.intent == "HassNevermind"


def test_without_the_built_in_sentences_the_own_ones_are_alone(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD)
    grammar = build_grammar("en", False, [tmp_path], HomeNames(), SUPPORTED)
    assert grammar.intents == {"Go"}
    assert grammar.parse("never mind") is None


def test_words_that_yaml_calls_booleans_stay_words(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "intents: {Go: {data: [{sentences: ['go {way}', yes]}]}}\nlists: {way: {values: [on, off]}}"
    )
    grammar = build_grammar("en", False, [tmp_path], HomeNames(), SUPPORTED)
    parse = grammar.parse("go off")
    assert parse is not None
    assert parse.slots == {"way": "off"}
    assert grammar.parses("yes")


def test_files_in_another_language_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD)
    (tmp_path / "b.yaml").write_text("language: de\n" + GOOD.replace("Go", "Geh"))
    grammar = build_grammar("en", False, [tmp_path], HomeNames(), SUPPORTED)
    assert grammar.intents == {"Go"}


def test_an_unknown_language_lists_the_known_ones() -> None:
    with pytest.raises(InvalidInput) as caught:
        build_grammar("xx", True, [], HomeNames(), SUPPORTED)
    assert "pt-BR" in caught.value.hint


def test_a_file_of_a_plugin_with_a_fault_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(GOOD.replace("go]", "'go <nowhere>']"))
    (tmp_path / "good.yaml").write_text(GOOD)
    read = [read_sentence_file(tmp_path / name, "en") for name in ("bad.yaml", "good.yaml")]
    plugins = tuple(file for file in read if file is not None)
    built = GrammarBuilder(SentenceSource("en", False, (), SUPPORTED, plugins=plugins)).build(HomeNames())
    assert [fault.message for fault in built.faults] == [
        f"{tmp_path / 'bad.yaml'}:4: there is no rule nowhere"
    ]
    assert built.grammar.parses("go")


def test_a_fault_in_a_file_of_the_box_itself_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(GOOD.replace("go]", "'go <nowhere>']"))
    file = read_sentence_file(tmp_path / "bad.yaml", "en")
    assert file is not None
    builder = GrammarBuilder(SentenceSource("en", False, (), SUPPORTED, files=(file,)))
    with pytest.raises(GrammarError, match="there is no rule nowhere"):
        builder.build(HomeNames())


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        build_grammar("en", True, [tmp_path / "nowhere"], HomeNames(), SUPPORTED)


def test_too_many_files(tmp_path: Path) -> None:
    for index in range(201):
        (tmp_path / f"{index}.yaml").write_text("")
    with pytest.raises(TooLarge, match="200"):
        load(tmp_path)


def test_a_file_above_the_limit_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(TooLarge, match=str(MAX_FILE_BYTES)):
        load(tmp_path, "#" * (MAX_FILE_BYTES + 1))


def test_bytes_that_are_no_text_name_the_line(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"intents:\n  \xff: 1\n")
    with pytest.raises(GrammarError, match=r"a\.yaml:2: not UTF-8"):
        load(tmp_path)


def test_deep_nesting_is_an_error_and_no_crash(tmp_path: Path) -> None:
    with pytest.raises(SottoError):
        load(tmp_path, GOOD.replace("go]", f"'{'(' * 900}a{')' * 900}']"))
    with pytest.raises(SottoError):
        load(tmp_path, "[" * 5000)


def test_kinds_of_devices_that_the_home_has_not_are_left_out() -> None:
    home = HomeNames((DeviceName("lamp", ("lamp",), "light"),))
    grammar = build_grammar("en", True, [], home, SUPPORTED)
    assert grammar.parses("turn off all the lights")
    assert "blinds" not in grammar.words


@pytest.mark.parametrize("language", ["de", "fr", "nl"])
def test_other_languages_build(language: str, home: HomeNames) -> None:
    assert build_grammar(language, True, [], home, SUPPORTED).intents


@pytest.mark.parametrize(
    ("template", "kept"),
    [
        ("[<the>] {name}", False),
        ("{area} {name}", False),
        ("[activate] [<the>] {name} [[the] scene]", False),
        ("[<turn>] [<the>] {name} [script] [on]", False),
        ("<turn> on [<the>] {name}", True),
        ("<open> [<the>] {name}", True),
        ("([<the>] {name};on)", True),
        ("[<the>] {name} [to] {brightness}", True),
    ],
)
def test_a_name_alone_is_no_sentence(template: str, kept: bool) -> None:
    rules = {"the": "(the|my)", "turn": "(turn|switch)", "open": "(open|raise)"}
    blocks = BuiltinBlocks({"light"}, rules)
    assert bool(blocks.choose("HassTurnOn", [{"sentences": [template]}])) is kept


def test_sentences_about_what_the_home_has_not_are_left_out() -> None:
    blocks = BuiltinBlocks({"light"}, {})
    block = {"sentences": ["open it"], "slots": {"domain": "cover"}}
    assert blocks.choose("HassTurnOn", [block]) == []
