"""Boxes whose homes a test describes itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from assistant.home.config import load_home
from assistant.home.model import Home
from assistant.home.names import home_names
from assistant.home.state import LocalHome
from assistant.skills.contract import Reply, Request
from assistant.skills.discovery import build_skills
from assistant.skills.volume_control import SavedVolume
from assistant.understanding.sentences import build_grammar
from tests.assistant.skills.conftest import ZONE, Box
from tests.assistant.skills.english import ENGLISH, MODULES, context


def device(name: str, domain: str, area: str, more: str = "") -> str:
    """An entry of `home.toml`; `more` is further lines of it."""
    return f'[[devices]]\nname = "{name}"\ndomain = "{domain}"\narea = "{area}"\n{more}\n'


def rooms(*names: str, floors: dict[str, str] | None = None) -> str:
    """Areas of these names, each with itself in small letters as its id; `floors` by name of the area."""
    found = dict.fromkeys((floors or {}).values())
    text = "".join(f'[[floors]]\nid = "{floor}"\nname = "{floor}"\n' for floor in found)
    for name in names:
        floor = f'floor = "{floors[name]}"\n' if floors and name in floors else ""
        text += f'[[areas]]\nid = "{name.lower()}"\nname = "{name}"\n{floor}'
    return text


def read_home(folder: Path, here: str, parts: Iterable[str]) -> Home:
    """The home that a `home.toml` of these parts describes; the box stands in the area `here`."""
    path = folder / "home.toml"
    path.write_text(f'[home]\nbox_area = "{here}"\n' + "".join(parts), encoding="utf-8")
    return load_home(path)


def box_of(folder: Path, here: str, *parts: str) -> Box:
    """A box in that home."""
    return box_in(folder, read_home(folder, here, parts))


def box_in(folder: Path, home: Home) -> Box:
    """A box in a home that is made already."""
    executor, volume = LocalHome(home, folder / "state.json"), SavedVolume(folder / "volume.json")
    given = context(folder, executor, volume, ZONE)
    intents = build_skills(given, MODULES).intents
    grammar = build_grammar("en", True, [], home_names(home), intents, files=ENGLISH.files)
    skills = build_skills(replace(given, understands=grammar.parses), MODULES)
    return Box(skills, executor, volume, grammar, folder)


def planned(box: Box, text: str) -> Reply:
    """What a sentence would lead to; nothing of it is done, so that tests can share a box."""
    parse = box.grammar.parse(text)
    assert parse is not None, f"{text!r} is outside the grammar"
    return box.skills.plan(Request(parse.intent, parse.slots, parse.text, box.now))


def targets(box: Box, text: str) -> set[str]:
    """What a sentence does something to, by device id."""
    return {act.target for act in planned(box, text).acts}
