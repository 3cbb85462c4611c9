"""A grammar that another machine makes from a recipe is the same grammar, or none."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.understanding.builder import Build, GrammarBuilder
from assistant.understanding.grammar import Grammar
from assistant.understanding.limits import MAX_FILES
from assistant.understanding.names import DeviceName, HomeNames
from assistant.understanding.recipe import GrammarRecipe, follow, recipe_of
from assistant.understanding.sentence_file import read_sentence_file
from assistant.understanding.sentences import SentenceSource
from common.errors import GrammarError, SottoError, TooLarge
from tests.assistant.understanding.conftest import OWN, SUPPORTED, make_home
from tests.assistant.understanding.test_any_content import FILE, HOME, TEXTS
from tests.conftest import REPOSITORY

TWO = """
language: en
intents:
  Go: {data: [{sentences: ["walk to {where}", "walk [to] 5"]}]}
lists:
  where: {values: ["on", "yes", {in: "no", out: 5}, 7, {in: "(here|there)", out: true}]}
"""


def made(folder: Path, names: HomeNames, builtin: bool, **files: str) -> tuple[Build, SentenceSource]:
    """The grammar of these files on the machine that has them; `plugin` is the file of a plugin."""
    plugins = []
    folder.mkdir()
    for name, text in files.items():
        path = folder / f"{name}.yaml"
        path.write_text(text)
        if name == "plugin":
            file = read_sentence_file(path.rename(folder / "plugin.txt"), "en")
            assert file is not None
            plugins.append(file)
    source = SentenceSource("en", builtin, (folder,), SUPPORTED, plugins=tuple(plugins))
    build = GrammarBuilder(source).build(names)
    assert not build.faults
    return build, source


def recipe(build: Build, source: SentenceSource) -> GrammarRecipe:
    return recipe_of(source, build.files, build.names, build.grammar.key)


@pytest.mark.parametrize(
    ("names", "builtin", "files"),
    [
        (make_home(), True, {"own": OWN}),
        (HOME, False, {"a": FILE, "b": TWO}),
        (HOME, False, {"b": TWO, "plugin": FILE}),
    ],
)
def test_the_other_machine_comes_to_the_same(
    tmp_path: Path, names: HomeNames, builtin: bool, files: dict[str, str]
) -> None:
    build, source = made(tmp_path / "home", names, builtin, **files)
    there = follow(recipe(build, source), ())
    assert there.key == build.grammar.key
    assert there.words == build.grammar.words
    for text in (*TEXTS, "turn on the kitchen light", "walk to there", "walk to no", "big coffee", "walk 5"):
        assert there.parse(text) == build.grammar.parse(text)


def test_the_last_good_version_of_a_file_is_what_is_sent(tmp_path: Path) -> None:
    build, source = made(tmp_path / "home", HOME, False, a=FILE)
    builder = GrammarBuilder(source)
    builder.build(HOME)
    (tmp_path / "home" / "a.yaml").write_text("intents: [")
    again = builder.build(HOME)
    assert again.faults
    assert follow(recipe(again, source), ()).key == build.grammar.key


def test_the_key_is_the_same_in_every_process() -> None:
    """The order of a set is not."""
    program = (
        "from assistant.understanding.names import DeviceName, HomeNames\n"
        "lamp = DeviceName('b', ('b',), 'cover', kinds=frozenset({'blind', 'shade', 'shutter', 'curtain'}))\n"
        "print(HomeNames((lamp,)).as_text())"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, cwd=REPOSITORY,
            capture_output=True, text=True, check=True, timeout=60,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(texts) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"key": "0" * 64},
        {"names": HomeNames((DeviceName("lamp", ("lamp",), "light"),))},
        {"files": ()},
    ],
)
def test_a_recipe_that_makes_another_grammar_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    build, source = made(tmp_path / "home", HOME, False, b=TWO)
    changed = replace(recipe(build, source), **change)  # type: ignore[arg-type]
    with pytest.raises(GrammarError) as caught:
        follow(changed, ())
    assert caught.value.code == "grammar.other"


def test_other_sentences_of_the_machine_make_another_grammar(tmp_path: Path) -> None:
    build, source = made(tmp_path / "home", HOME, True)
    (tmp_path / "newer.yaml").write_text(OWN)
    newer = read_sentence_file(tmp_path / "newer.yaml", "en")
    assert newer is not None
    with pytest.raises(GrammarError, match="another grammar"):
        follow(recipe(build, source), (newer,))


def test_an_intent_that_nothing_answers_is_refused() -> None:
    file = json.dumps({"intents": {"Unlock": {"data": [{"sentences": ["x"]}]}}})
    with pytest.raises(GrammarError) as caught:
        follow(GrammarRecipe("k", "en", False, ("Go",), HOME, (file,)), ())
    assert caught.value.code == "grammar.unanswered"


def test_too_many_files_and_too_much_in_them_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    few = GrammarRecipe("k", "en", False, ("Go",), HOME)
    with pytest.raises(TooLarge):
        follow(replace(few, files=("{}",) * (MAX_FILES + 1)), ())
    values = json.dumps({"lists": {"x": {"values": ["a"] * 40}}})
    monkeypatch.setattr("assistant.understanding.recipe.MAX_ALL_NODES", 100)
    with pytest.raises(TooLarge):
        follow(replace(few, files=(values,) * 3), ())


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


@given(st.lists(st.text(max_size=60) | _JSON.map(json.dumps), max_size=3))
def test_whatever_another_machine_sends_ends_in_a_grammar_or_in_an_error_that_says_why(
    files: list[str],
) -> None:
    try:
        assert isinstance(follow(GrammarRecipe("k", "en", False, ("Go",), HOME, tuple(files)), ()), Grammar)
    except SottoError as error:
        assert "/" not in error.message or "sotto-grammar" not in error.message
