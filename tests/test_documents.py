"""The pages of the repository: what they link to is there, and every decision is in the index."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.conftest import REPOSITORY

_DECISIONS = REPOSITORY / "docs" / "decisions"
_PARTS = ["Context", "Decision", "Consequences"]


def _pages() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "*.md"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    return [REPOSITORY / name for name in listed.stdout.splitlines()]


def test_links_to_files_lead_somewhere() -> None:
    assert REPOSITORY / "README.md" in _pages()
    broken = []
    for page in _pages():
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(REPOSITORY)}: {target}")
    assert not broken


def test_decisions_are_numbered_and_have_their_parts() -> None:
    records = sorted(_DECISIONS.glob("[0-9]*.md"))
    assert [int(record.name[:4]) for record in records] == list(range(1, len(records) + 1))
    for record in records:
        text = record.read_text()
        assert text.startswith(f"# {record.name[:4]}: "), record.name
        assert re.search(r"(?m)^Status: (accepted|superseded by \d{4})$", text), record.name
        assert re.findall(r"(?m)^## (.+)$", text) == _PARTS, record.name


def test_the_index_of_decisions_is_whole() -> None:
    index = re.findall(r"\]\((\d{4}[^)]*)\) \|", (_DECISIONS / "README.md").read_text())
    assert index == [record.name for record in sorted(_DECISIONS.glob("[0-9]*.md"))]
