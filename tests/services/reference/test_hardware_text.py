"""The list of computers in docs/hardware.md is made of the reports, and of well-formed ones alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from common.errors import InvalidInput
from services.reference.hardware_text import computers_table
from tests.conftest import REPOSITORY


def test_a_report_that_is_added_is_listed(tmp_path: Path) -> None:
    (report, *_) = sorted((REPOSITORY / "hardware").glob("*.toml"))
    shutil.copy(report, tmp_path / "one.toml")
    text = report.read_text()
    (tmp_path / "two.toml").write_text(text.replace('machine = "', 'machine = "Another '))
    rows = computers_table(tmp_path).splitlines()[2:]
    assert len(rows) == 2
    assert rows[0].startswith("| Another ")


def test_a_malformed_report_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text('machine = "A Box"\n')
    with pytest.raises(InvalidInput, match=r"broken\.toml: format"):
        computers_table(tmp_path)
