"""Finds the skills of a box: modules with a function `skills`.

Every module of this package is looked at, and every module or package that an installed distribution
names in the entry point group `sotto.skills`. One that has `skills(box: SkillContext) -> Iterable[Skill]` has
skills. Its sentences and replies lie beside it, in sentences/LANGUAGE/*.yaml.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType

from assistant.skills.context import SkillContext
from assistant.skills.contract import Skill
from assistant.skills.lines import Line, WordList, declared
from assistant.skills.registry import Skills

ENTRY_POINTS = "sotto.skills"
#: Name of the function that makes the skills of a module.
ENTRY = "skills"
_OWN = __name__.rpartition(".")[0]


def skill_modules() -> tuple[ModuleType, ...]:
    """All modules that may have skills, or lines that skills say: our own, then the plugins', by name."""
    own = importlib.import_module(_OWN)
    plugins = [point.load() for point in sorted(entry_points(group=ENTRY_POINTS), key=_name)]
    return tuple(dict.fromkeys(module for root in (own, *plugins) for module in _modules(root)))


def by_plugin(
    modules: Sequence[ModuleType],
) -> tuple[list[ModuleType], dict[str, list[ModuleType]]]:
    """Our own modules, and those of plugins by the name of their package or of a module in none."""
    own: list[ModuleType] = []
    plugins: dict[str, list[ModuleType]] = {}
    for module in modules:
        if f"{module.__name__}.".startswith(f"{_OWN}."):
            own.append(module)
        else:
            plugins.setdefault(module.__name__.partition(".")[0], []).append(module)
    return own, plugins


def sentence_folders(modules: Sequence[ModuleType], language: str) -> tuple[Path, ...]:
    """The folders of a language beside the modules that are there."""
    folders = (Path(str(module.__file__)).parent / "sentences" / language for module in modules)
    return tuple(dict.fromkeys(folder for folder in folders if folder.is_dir()))


def declarations(modules: Sequence[ModuleType]) -> Iterator[Line | WordList]:
    """Everything that the modules declare to say or to look for."""
    for module in modules:
        yield from declared(module)


def build_skills(box: SkillContext, modules: Sequence[ModuleType], more: Iterable[Skill] = ()) -> Skills:
    """All skills of a box.

    Args:
        box: what the skills are given.
        modules: from `skill_modules`.
        more: skills of the caller.

    Raises:
        ValueError: two skills answer one intent.
    """
    found = [skill for module in modules if hasattr(module, ENTRY) for skill in getattr(module, ENTRY)(box)]
    return Skills([*found, *more], box.replies, box.rings)


def _modules(root: ModuleType) -> Iterator[ModuleType]:
    """A module, and where it is a package the modules in it, sorted by name."""
    yield root
    for found in sorted(pkgutil.iter_modules(getattr(root, "__path__", ()), f"{root.__name__}."), key=_name):
        yield from _modules(importlib.import_module(found.name))


def _name(found: EntryPoint | pkgutil.ModuleInfo) -> str:
    return found.name
