"""docs/licences.md has a row for every part that is locked, and none for a part that is gone."""

from __future__ import annotations

import re
from importlib.metadata import metadata

from packaging.utils import NormalizedName, canonicalize_name

from assistant.models.catalogue import CATALOGUE
from tests.conftest import REPOSITORY

_PAGE = REPOSITORY / "docs" / "licences.md"


def _table(section: str) -> list[list[str]]:
    """The rows of the first table below a heading, without its head; cells are stripped."""
    _, found, text = _PAGE.read_text().partition(f"\n## {section}\n")
    assert found, f"docs/licences.md has no section {section!r}"
    lines = [line for line in text.partition("\n## ")[0].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def _locked(name: str) -> set[NormalizedName]:
    text = (REPOSITORY / "requirements" / name).read_text()
    return {canonicalize_name(found) for found in re.findall(r"(?m)^([A-Za-z0-9._-]+)==", text)}


def test_every_locked_python_package_has_a_row() -> None:
    rows = [canonicalize_name(row[0]) for row in _table("Python packages")]
    assert len(rows) == len(set(rows))
    assert set(rows) == _locked("run.lock")


def test_rows_say_what_the_packages_say() -> None:
    rows = {row[0]: row[1] for row in _table("Python packages")}
    declared = {name: metadata(name).json.get("license_expression") for name in rows}
    assert sum(each is not None for each in declared.values()) > 10
    assert {n: each for n, each in declared.items() if each is not None and each != rows[n]} == {}


def test_every_model_has_a_row_with_its_licence() -> None:
    rows = [(row[0], row[1]) for row in _table("Models")]
    assert sorted(rows) == sorted((entry.name, entry.licence) for entry in CATALOGUE)


def test_every_debian_source_of_the_image_has_a_row() -> None:
    locked = set()
    for arch in ("x86-64", "arm64"):
        lines = (REPOSITORY / "buildimage" / "locks" / f"debs-{arch}.lock").read_text().splitlines()
        locked |= {line.split()[5].partition("/")[2] for line in lines if not line.startswith("#")}
    named = [name.strip() for row in _table("Debian packages") for name in row[1].split(",")]
    assert len(named) == len(set(named))
    assert set(named) == locked
