"""Whatever the files of an owner hold, a grammar is built, and what is left out is reported."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import yaml
from hypothesis import given
from hypothesis import strategies as st

from assistant.understanding.builder import Build, GrammarBuilder
from assistant.understanding.names import AreaName, DeviceName, HomeNames
from assistant.understanding.sentences import SentenceSource

HOME = HomeNames((DeviceName("lamp", ("lamp",), "light", "hall"),), (AreaName("hall", ("hall",)),))

FILE = """\
language: en
intents:
  Go:
    data:
      - sentences:
          - "go [to] {place} <often>"
          - &again (a;b) {n} {1..5:m} [<local>]
        slots: {speed: 5, way: [on, off]}
        lists: {own: {values: [x]}}
        expansion_rules: {local: "(x|{own})"}
      - sentences: ["call {name} {text}", *again]
        expansion_rules: {local: "y"}
        requires_context: {area: {slot: true}}
        excludes_context: {domain: [cover, fan]}
lists:
  place:
    values:
      - home
      - {in: "(work|office)", out: work, context: {domain: light}}
  n: {range: {from: 0, to: 20, step: 5, fractions: halves, multiplier: 2}}
  text: {wildcard: true}
expansion_rules:
  often: "[<times>] [a (week|day)]"
  times: "(once|twice|{n} times)"
skip_words: [please, "could you"]
"""
#: What a mutation may put in, besides parts of the file itself.
PIECES = (
    *"[](){}<>|;:,&*!%@`'\"#-?~=\\",
    *("\n", "\t", " ", "  ", "\n  - ", ": ", "<<: ", "*again", "&again ", "!!int ", "---\n", "...\n", "\0"),
    *("2001-99-99", "0x_", "1e999", ".nan", "-1", "99999999999", "null", "true", "\ud83d\ude00", "\ufeff"),
    *(
        "{name}",
        "{place}",
        "<often>",
        "<local>",
        "{0..9:x}",
        "{x:conversation_command}",
        "(a;b;c)",
        "[a] " * 40,
    ),
)
TEXTS = ("go to work twice a week", "call lamp somebody", "a b 5 5 x", "a " * 40, "please", "y")


def build(files: Mapping[str, bytes]) -> Build:
    """A grammar of nothing but these files, after some questions."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, content in files.items():
            (folder / file).write_bytes(content)
        built = GrammarBuilder(SentenceSource("en", False, (folder,), None)).build(HOME)
        for fault in built.faults:
            assert fault.message.startswith(str(folder)), fault
            assert fault.code
            assert fault.effect
    for text in TEXTS:
        built.grammar.parse(text)
        built.grammar.completeness(text)
    built.grammar.automaton.chars(built.grammar.automaton.start)
    return built


def test_the_file_that_is_changed_here_is_right() -> None:
    built = build({"own.yaml": FILE.encode()})
    assert built.faults == ()
    assert built.grammar.parses("go to work twice a week")


@st.composite
def changed_texts(draw: st.DrawFn) -> str:
    """The file with up to six parts taken out, doubled or put in."""
    text = FILE
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(text)))
        end = at + draw(st.integers(0, 30))
        start = draw(st.integers(0, len(text)))
        piece = draw(st.one_of(st.sampled_from(PIECES), st.just(text[start : start + end - at]), st.just("")))
        text = text[:at] + piece + text[end:]
    return text


@given(changed_texts())
def test_a_changed_file_stops_nothing(text: str) -> None:
    build({"own.yaml": text.encode("utf-8", "surrogatepass")})


@given(st.binary(max_size=200))
def test_bytes_stop_nothing(content: bytes) -> None:
    build({"own.yaml": content})


NAMES = st.sampled_from(["Go", "a", "b", "name", "area", "n", "", "x" * 200])
TEMPLATES = st.one_of(
    st.lists(st.sampled_from([*PIECES, "go", "<a>", "<b>", "{a}", "{b}", "{n}"]), max_size=6).map(" ".join),
    st.text(max_size=10),
)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.dates(), TEMPLATES)
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3))
)


def _fields(fields: Mapping[str, st.SearchStrategy[object]]) -> st.SearchStrategy[object]:
    """A mapping with some of the fields; now and then any of them, or the whole, is something else."""
    wrong = {name: st.one_of(right, right, right, ANYTHING) for name, right in fields.items()}
    right = st.fixed_dictionaries({}, optional=wrong)
    return st.one_of(right, right, right, right, ANYTHING)


CONTEXT = st.dictionaries(st.sampled_from(["area", "domain"]), ANYTHING, max_size=2)
VALUES = st.lists(
    st.one_of(TEMPLATES, _fields({"in": TEMPLATES, "out": ANYTHING, "context": CONTEXT})), max_size=4
)
RANGE = _fields(
    {
        "from": st.integers(-5, 5),
        "to": st.integers(0, 20),
        "step": st.integers(1, 3),
        "fractions": st.sampled_from(["halves", "tenths"]),
        "multiplier": st.floats(),
        "words": st.booleans(),
        "digits": st.booleans(),
        "type": st.just("percentage"),
        "words_language": st.just("xx"),
    }
)
LISTS = st.dictionaries(
    NAMES,
    st.one_of(_fields({"values": VALUES}), _fields({"range": RANGE}), st.just({"wildcard": True})),
    max_size=3,
)
RULES = st.dictionaries(NAMES, TEMPLATES, max_size=3)
BLOCK = _fields(
    {
        "sentences": st.lists(TEMPLATES, min_size=1, max_size=3),
        "lists": LISTS,
        "expansion_rules": RULES,
        "slots": st.dictionaries(NAMES, ANYTHING, max_size=2),
        "requires_context": CONTEXT,
        "excludes_context": CONTEXT,
        "name_domains": ANYTHING,
        "settings": ANYTHING,
    }
)
CONTENT = _fields(
    {
        "intents": st.dictionaries(
            NAMES, st.fixed_dictionaries({"data": st.lists(BLOCK, min_size=1, max_size=3)}), max_size=2
        ),
        "lists": LISTS,
        "expansion_rules": RULES,
        "skip_words": st.lists(TEMPLATES, max_size=3),
        "language": st.sampled_from(["en", "de"]),
    }
)


@given(st.lists(CONTENT, min_size=1, max_size=2))
def test_files_of_any_structure_stop_nothing(contents: list[object]) -> None:
    files = {f"{number}.yaml": yaml.safe_dump(content) for number, content in enumerate(contents)}
    build({name: text.encode("utf-8", "replace") for name, text in files.items()})
