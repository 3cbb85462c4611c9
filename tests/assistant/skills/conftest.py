"""A box with the sample home: sentences go through the real grammar into the real skills."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from assistant.home.config import SAMPLE_HOME, load_home
from assistant.home.names import home_names
from assistant.home.state import LocalHome
from assistant.skills.contract import Reply, Request
from assistant.skills.discovery import build_skills
from assistant.skills.registry import Skills
from assistant.skills.volume_control import SavedVolume
from assistant.turn.dialogue import Dialogue
from assistant.understanding.grammar import Grammar
from assistant.understanding.sentences import build_grammar
from tests.assistant.skills.english import ENGLISH, MODULES, context

ZONE = ZoneInfo("Europe/London")
#: A Sunday, late in the afternoon.
NOW = datetime(2026, 11, 22, 16, 35, tzinfo=ZONE)


@dataclass
class Box:
    """A box whose clock stands still until it is moved."""

    skills: Skills
    executor: LocalHome
    volume: SavedVolume
    grammar: Grammar
    state_dir: Path
    now: datetime = NOW
    slots: dict[str, object] = field(default_factory=dict)
    intent: str = ""

    def ask(self, text: str) -> Reply:
        """Parse `text`, as an answer if something is asked, and let the skills answer it."""
        parse = self.dialogue.grammar_for("").parse(text)
        assert parse is not None, f"{text!r} is outside the grammar"
        self.slots, self.intent = dict(parse.slots), parse.intent
        return self.skills.handle(Request(parse.intent, parse.slots, parse.text, self.now))

    @property
    def dialogue(self) -> Dialogue:
        """The box in talk, by its own clock."""
        return Dialogue(lambda: self.grammar, self.skills, lambda: self.now)

    def wait(self, **length: float) -> None:
        """Let time pass."""
        self.now += timedelta(**length)


@pytest.fixture(scope="session")
def grammar(tmp_path_factory: pytest.TempPathFactory) -> Grammar:
    home = load_home(SAMPLE_HOME)
    skills = build_skills(context(tmp_path_factory.mktemp("grammar")), MODULES)
    return build_grammar("en", True, [], home_names(home), skills.intents, files=ENGLISH.files)


@pytest.fixture
def new_box(grammar: Grammar, tmp_path: Path) -> Callable[[], Box]:
    """Makes a box; a second one finds the state of the first, as after a restart."""

    def make() -> Box:
        home = load_home(SAMPLE_HOME)
        executor = LocalHome(home, tmp_path / "home.json")
        volume = SavedVolume(tmp_path / "volume.json")
        given = replace(context(tmp_path, executor, volume, ZONE), understands=grammar.parses)
        skills = build_skills(given, MODULES)
        return Box(skills, executor, volume, grammar, tmp_path)

    return make


@pytest.fixture
def box(new_box: Callable[[], Box]) -> Box:
    return new_box()
