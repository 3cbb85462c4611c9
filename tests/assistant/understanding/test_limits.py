"""Files that once made the box slow, large or deaf are refused when they are read, or cost within a bound."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assistant.understanding import limits
from assistant.understanding.builder import Build, GrammarBuilder
from assistant.understanding.grammar import Grammar
from assistant.understanding.limits import MAX_FILES
from assistant.understanding.names import HomeNames
from assistant.understanding.sentences import SentenceSource
from assistant.understanding.steps import MAX_STEPS, bounded_steps
from common.errors import TooLarge
from tests.conftest import REPOSITORY

DOCUMENT = REPOSITORY / "docs" / "sentences.md"
GO = "intents: {Go: {data: [{sentences: [go]}]}}\n"


def build(folder: Path, *texts: str) -> Build:
    for number, text in enumerate(texts):
        (folder / f"{number}.yaml").write_text(text)
    return GrammarBuilder(SentenceSource("en", False, (folder,), None)).build(HomeNames())


def _each_ten_times(first: str, following: str) -> str:
    """Under a kilobyte: eight lines, each of which stands for ten of the line before."""
    lines = [f"a0: &a0 {first}"]
    for number in range(1, 9):
        ten = ", ".join([f"*a{number - 1}"] * 10)
        lines.append(f"a{number}: &a{number} {following.replace('TEN', ten)}")
    return "\n".join(lines)


def _sentences(*sentences: str) -> str:
    lines = "".join(f"\n        - '{sentence}'" for sentence in sentences)
    return f"intents:\n  Go:\n    data:\n      - sentences:{lines}\n"


def _list(content: str) -> str:
    return f"{GO}lists: {{a: {content}}}\n"


WORD = "abcdefghijklmnopqrst"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (_each_ten_times("[x, x, x, x]", "[TEN]"), "5: 21016 keys and values"),
        (_each_ten_times("{x: y}", "{<<: [TEN]}"), "5: 20373 keys and values"),
        ("a: &a [x, *a]", "1: the alias a stands inside what it stands for"),
        ("- " * 30 + "x", "1: 21 levels of mappings and lists"),
        ("[" * 900_000, "1: 21 levels of mappings and lists"),
        (
            f"{GO}lists:" + "".join(f"\n  a{n}: {{range: {{from: 0, to: 9999}}}}" for n in range(400)),
            "5: 30000 numbers in ranges in all files are above the limit of 20000",
        ),
        (_list("{range: {from: 0, to: 9999, fractions: tenths}}"), "2: 100000 numbers in ranges"),
        (_sentences(*(f"go {{0..{9000 + n}:n}}" for n in range(9))), "7: 27006 numbers in ranges"),
        (_list("{range: {from: 9999999, to: 9999999}}"), "2: the list a: its numbers lie beyond 1000000"),
        (
            f"{GO}skip_words:" + "".join(f"\n  - skip{n}" for n in range(65_000)),
            "19992: 20001 keys and values",
        ),
        (
            f"{GO}skip_words:" + "".join(f"\n  - skip{n}" for n in range(300)),
            "203: 201 skip words in all files",
        ),
        (f"{GO}skip_words: ['{'x' * 829_000}']", "2: a skip word has at most 100 characters"),
        (_sentences(*["go"] * 15_000), "1005: 1001 sentences in all files are above the limit of 1000"),
        (
            _sentences(*[f"go {WORD * 9}"] * 900),
            "820: 150144 characters with their rules written out in all",
        ),
        (
            _sentences("[a] " * 240),
            "5: 240 groups of alternatives, its rules written out, are above the limit of 100",
        ),
        (_sentences("<r>" * 60) + "expansion_rules: {r: '[a] [b]'}", "5: 120 groups of alternatives"),
        (
            _sentences("(a;b;c;(d;e;f;g;h;(i;j;k;l;m;n)))"),
            "5: 202881 characters, its rules written out, are above",
        ),
        (_sentences("(" * 900 + "a" + ")" * 900), "5: a template of 900 levels of brackets"),
        (_sentences("1234 " * 390), "characters, its rules written out, are above the limit of 10000"),
        (
            f"{GO}lists:" + "".join(f"\n  a{n}: {{values: [x]}}" for n in range(600)),
            "503: 501 lists and rules in all",
        ),
        (
            "intents:\n  Go:\n    data:\n"
            + "".join(f"      - {{sentences: [go], requires_context: {{x: {n}}}}}\n" for n in range(60)),
            "24: 21 different contexts in all files are above the limit of 20",
        ),
        (f"{GO}lists: {{{'a' * 101}: {{wildcard: true}}}}", "2: a name of 101 characters"),
    ],
)
def test_a_file_above_a_limit_is_refused_at_its_line(tmp_path: Path, text: str, message: str) -> None:
    (fault,) = build(tmp_path, text).faults
    assert fault.message.startswith(f"{tmp_path / '0.yaml'}:")
    assert message in fault.message
    assert len(fault.message) < 1000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{GO}x: 2001-99-99", "2: the file has the unknown key 'x'"),
        (f"{GO}2001-99-99: x", "2: the file has the unknown key '2001-99-99'"),
        (_list("{values: [0x_]}"), "2: '0x_' is no number"),
        (_list("{values: [.nan]}"), "2: '.nan' is no number"),
        (_list("{values: [!!int x]}"), "2: the tag tag:yaml.org,2002:int is not used"),
        (
            "intents: {Go: {data: [{sentences: [<a>], expansion_rules: {a: go <a>}}]}}",
            "1: rules lead in a circle: a -> a",
        ),
        (_list("{values: ['x {a}']}"), "2: lists lead in a circle: a -> a"),
        (_list("{values: ['x <r>']}") + "expansion_rules: {r: '{a}'}", "circle: r -> a -> r"),
        ("intents: {Go: {data: [{sentences: [<a>], expansion_rules: {a: '<b>'}}]}}", "1: there is no rule b"),
        (
            "intents: {Go: {data: [{sentences: [go], lists: {a: {values: ['{b}']}}}]}}",
            "1: there is no list b",
        ),
        (
            "intents: {Go: {data: [{sentences: [go], requires_context: {area: [[x]]}}]}}",
            "1: `requires_context`: area",
        ),
        (_list("{values: [{in: x, context: 5}]}"), "2: `context` is not a mapping"),
        (f"{GO}skip_words: ['!!!']", "2: a skip word has at most"),
    ],
)
def test_content_that_once_ended_the_daemon_is_a_fault(tmp_path: Path, text: str, message: str) -> None:
    (fault,) = build(tmp_path, text).faults
    assert message in fault.message


@pytest.mark.parametrize("content", ["2001-99-99", "2001-01-01"])
def test_a_date_is_a_text(tmp_path: Path, content: str) -> None:
    built = build(tmp_path, GO.replace("[go]", f"[{content}]"))
    assert built.faults == ()
    assert built.grammar.parses(content)


def test_keys_that_are_not_used_may_be_anything(tmp_path: Path) -> None:
    block = (
        "name_domains: 5, settings: 5, metadata: [x], inferred_domain: {}, required_keywords: 5, response: []"
    )
    assert build(tmp_path, GO.replace("[go]", f"[go], {block}")).faults == ()


def test_all_files_together_have_a_limit(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.yaml").write_text(_sentences(*[f"go {WORD * 9}"] * 350))
    gathered = SentenceSource("en", False, (tmp_path,), None).gather(HomeNames(), {})
    assert [path.name for path in gathered.errors] == ["2.yaml"]
    assert [path.name for path in gathered.files] == ["0.yaml", "1.yaml"]


def test_values_of_all_files_together_have_a_limit(tmp_path: Path) -> None:
    texts = ["intents: {Go: {data: [{sentences: [go], slots: {x: [" + "y, " * 18_000 + "]}}]}}"] * 4
    (fault,) = build(tmp_path, *texts).faults
    assert (
        fault.message
        == f"{tmp_path / '3.yaml'}: the keys and values of all files are above the limit of 60000"
    )


def test_files_above_their_number_are_left_out(tmp_path: Path) -> None:
    for number in range(MAX_FILES):
        (tmp_path / f"a{number:03}.yaml").write_text("")
    (tmp_path / "b.yaml").write_text(GO)
    built = build(tmp_path)
    assert f"{MAX_FILES + 1} sentence files" in built.faults[0].message
    assert not built.grammar.parses("go")


def test_what_is_no_plain_file_is_left_out(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.yaml")
    (tmp_path / "b.yaml").mkdir()
    (tmp_path / "c.yaml").symlink_to("nowhere")
    built = build(tmp_path, GO)
    assert len(built.faults) == 3
    assert built.grammar.parses("go")


def test_a_name_of_a_file_that_is_no_text_can_be_shown(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.yaml")).write_text("x: y")
    (fault,) = build(tmp_path).faults
    assert "?.yaml:1: the file has the unknown key" in fault.message.encode("ascii", "strict").decode()


def test_a_file_that_needs_one_with_a_fault_is_left_out_too(tmp_path: Path) -> None:
    needs = "intents: {Go: {data: [{sentences: ['go {a}']}]}}"
    built = build(tmp_path, needs, "lists: {a: {values: [x]}, b: 5}", GO)
    assert [fault.message.partition("yaml:")[2] for fault in built.faults] == [
        "1: the list b is not a mapping",
        "1: there is no list a",
    ]
    assert built.grammar.parses("go")


MANY_WAYS = _sentences("go " + "[a] " * 90 + "b")


@pytest.mark.parametrize(
    ("text", "question"),
    [
        (MANY_WAYS, "go " + "a " * 30),
        (
            _sentences("(" + "|".join(["a"] * 120) + ") " * 1 + "{x} {x} {x}")
            + "lists: {x: {values: ["
            + ", ".join(["a"] * 900)
            + "]}}",
            "a a a a b",
        ),
        (
            _sentences("a {x} a {y} a {z} a {w} a b")
            + "lists: {x: {wildcard: true}, y: {wildcard: true}, z: {wildcard: true}, w: {wildcard: true}}",
            "a " * 300 + "b",
        ),
        (
            _sentences("a {x}{y}{x}{y}")
            + "lists: {x: {wildcard: true}, y: {values: ["
            + ", ".join(f"a very long value {chr(97 + n)}" for n in range(26)) * 8
            + "]}}",
            "a " + "a very " * 40,
        ),
    ],
    ids=["options", "values", "wildcards", "wildcards and lists"],
)
def test_a_question_with_too_many_readings_is_given_up(tmp_path: Path, text: str, question: str) -> None:
    built = build(tmp_path, text)
    assert built.faults == ()
    assert built.grammar.parse(question) is None


def test_beside_a_sentence_with_many_readings_others_are_understood(tmp_path: Path) -> None:
    grammar = build(tmp_path, MANY_WAYS, GO).grammar
    assert grammar.parse("go " + "a " * 30) is None
    assert grammar.parses("go")
    assert grammar.parses("go b")


def test_the_steps_of_a_match_are_counted(grammar: Grammar) -> None:
    text = "turn on the kitchen light"
    with bounded_steps(5), pytest.raises(TooLarge, match="steps"):
        grammar._parse(text, delayed=True)
    with bounded_steps():
        assert grammar._parse(text, delayed=True) is not None


@pytest.mark.parametrize(
    "text",
    [
        "turn off all the lights in the living room",
        "set a timer for five minutes and thirty seconds",
        "please " * 140,
        "in five minutes " * 60,
        "set a timer for " * 60,
    ],
)
def test_what_the_box_knows_stays_far_below_the_bound(grammar: Grammar, text: str) -> None:
    with bounded_steps(MAX_STEPS // 8):
        grammar._parse(text.strip(), delayed=True)


def test_the_document_names_every_limit() -> None:
    table = [line.rstrip(" |") for line in DOCUMENT.read_text().splitlines() if line.startswith("| ")]
    written = [number.strip() for line in table for number in line.rpartition(" | ")[2].split(", ")]
    there = [f"{value:,}" for name, value in vars(limits).items() if name.startswith("MAX_")]
    assert sorted(written[1:]) == sorted(there)
    assert f"after {MAX_STEPS:,} steps" in DOCUMENT.read_text()
