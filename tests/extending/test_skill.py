"""A skill is added by one module and its sentences, by a plugin too; nothing else is touched."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.extending.plugin import install_plugin

SKILL = '''
"""Rolls dice."""

from assistant.skills.contract import Reply
from assistant.skills.lines import line

ROLLED = line("dice.rolled", "count")


def skills(box):
    return (DiceSkill(box),)


class DiceSkill:
    intents = frozenset({"RollDice"})

    def __init__(self, box):
        self._text = box.replies.text

    def handle(self, request):
        return Reply(self._text(ROLLED, count=request.slots.get("dice", 1)))
'''

SENTENCES = """
language: en
intents:
  RollDice:
    data:
      - sentences:
          - roll {dice} dice
          - roll a die
lists:
  dice: {range: {from: 2, to: 6}}
replies:
  rolled:
    one: "{count:words} die was rolled."
    other: "{count:words} dice were rolled."
"""

#: Puts a box together without its models, and answers the sentences of its command line.
ASK = """
import sys
from datetime import UTC, datetime
from pathlib import Path

from assistant.home.config import SAMPLE_HOME, load_home
from assistant.home.names import home_names
from assistant.skills.discovery import build_skills
from assistant.turn.dialogue import Dialogue
from assistant.understanding.sentences import build_grammar
from english import ENGLISH, context

skills = build_skills(context(Path(sys.argv[1])), ENGLISH.modules)
for fault in ENGLISH.faults:
    print(fault.message, fault.effect, file=sys.stderr)
home = home_names(load_home(SAMPLE_HOME))
grammar = build_grammar("en", True, [], home, skills.intents, files=ENGLISH.files + ENGLISH.plugins)
dialogue = Dialogue(lambda: grammar, skills, lambda: datetime.now(UTC))
for text in sys.argv[2:]:
    print(dialogue.respond(text).reply.text)
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the assistant's code, with what puts a box together for a test."""
    root = tmp_path / "tree"
    for package in ("assistant", "common"):
        shutil.copytree(REPOSITORY / package, root / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "tests" / "assistant" / "skills" / "english.py", root)
    return root


def ask(tree: Path, *texts: str, plugins: Path | None = None) -> subprocess.CompletedProcess[str]:
    state = tree / "state"
    state.mkdir()
    path = os.pathsep.join(str(folder) for folder in (tree, plugins) if folder is not None)
    return subprocess.run(
        [sys.executable, "-c", ASK, state, *texts],
        env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=tree,
        capture_output=True,
        text=True,
        timeout=110,
    )


def test_a_module_and_its_sentences_are_a_skill(tree: Path) -> None:
    (tree / "assistant" / "skills" / "dice.py").write_text(SKILL)
    (tree / "assistant" / "skills" / "sentences" / "en" / "dice.yaml").write_text(SENTENCES)
    done = ask(tree, "roll a die", "roll three dice", "turn on the kitchen light")
    assert done.stdout.splitlines() == [
        "one die was rolled.",
        "three dice were rolled.",
        "Turned on the kitchen light.",
    ], done.stderr


def test_sentences_without_their_skill_are_refused(tree: Path) -> None:
    only_sentences = SENTENCES.partition("replies:")[0]
    (tree / "assistant" / "skills" / "sentences" / "en" / "dice.yaml").write_text(only_sentences)
    assert "dice.yaml:4: nothing answers the intent RollDice" in ask(tree, "roll a die").stderr


def test_a_skill_without_its_texts_is_refused(tree: Path) -> None:
    (tree / "assistant" / "skills" / "dice.py").write_text(SKILL)
    done = ask(tree, "roll a die")
    assert "sentences/en/dice.yaml: the language 'en' lacks here: the reply rolled" in done.stderr


def test_a_plugin_comes_in_by_the_same_door(tree: Path, tmp_path: Path) -> None:
    plugins = install_plugin(tmp_path / "plugins", "dice", SKILL)
    (plugins / "sentences" / "en").mkdir(parents=True)
    (plugins / "sentences" / "en" / "dice.yaml").write_text(SENTENCES)
    assert ask(tree, "roll three dice", plugins=plugins).stdout == "three dice were rolled.\n"


@pytest.mark.parametrize(
    ("sentences", "message"),
    [
        (SENTENCES.replace("range:", "rang:"), "dice.yaml:10: the list dice needs one of: values, range"),
        (SENTENCES.partition("replies:")[0], "dice.yaml: the language 'en' lacks here: the reply rolled"),
        (SENTENCES + "words: {dice: [dice]}\n", "dice.yaml:15: nothing asks for the words dice"),
    ],
)
def test_a_plugin_with_a_fault_in_its_file_costs_itself_alone(
    tree: Path, tmp_path: Path, sentences: str, message: str
) -> None:
    plugins = install_plugin(tmp_path / "plugins", "dice", SKILL)
    (plugins / "sentences" / "en").mkdir(parents=True)
    (plugins / "sentences" / "en" / "dice.yaml").write_text(sentences)
    done = ask(tree, "turn on the kitchen light", plugins=plugins)
    assert done.stdout == "Turned on the kitchen light.\n"
    assert message in done.stderr
    assert "The box works without the skills of dice." in done.stderr
