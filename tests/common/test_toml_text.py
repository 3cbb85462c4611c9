"""TOML that is written is read as the same values."""

from __future__ import annotations

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from common.toml_text import toml_lines

values = st.recursive(st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(), st.lists, max_leaves=5)


@given(st.dictionaries(st.from_regex(r"[A-Za-z0-9_-]{1,8}", fullmatch=True), values, max_size=4))
def test_what_is_written_is_read(table: dict[str, object]) -> None:
    assert tomllib.loads(toml_lines(table)) == table
