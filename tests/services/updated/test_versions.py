"""Versions are ordered as systemd orders them."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.updated.versions import compare, is_version, newest_first

TEXTS = st.text(alphabet="019aZz.~^-_+", min_size=1, max_size=8)


@settings(max_examples=150, deadline=None)
@example("2~rc1", "2")
@example("1.2", "1.2-1")
@example("1^post", "1")
@example("007", "7")
@example("1a", "1.1")
@given(TEXTS, TEXTS)
def test_the_order_is_systemds(a: str, b: str) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    command = ["systemd-analyze", "compare-versions", "--", a, b]
    told = subprocess.run(command, capture_output=True, text=True, timeout=20)
    sign = {11: 1, 12: -1, 0: 0}.get(told.returncode)
    assert sign is not None, told.stderr
    assert compare(a, b) == sign


@given(TEXTS, TEXTS)
def test_swapped_versions_compare_the_other_way_round(a: str, b: str) -> None:
    assert compare(a, b) == -compare(b, a)


@given(TEXTS, TEXTS, TEXTS)
def test_the_order_is_transitive(a: str, b: str, c: str) -> None:
    if compare(a, b) <= 0 and compare(b, c) <= 0:
        assert compare(a, c) <= 0


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_is_compared(a: str, b: str) -> None:
    assert compare(a, b) in (-1, 0, 1)


def test_the_newest_comes_first() -> None:
    assert newest_first({"2", "10", "2~rc1", "2.1"}) == ["10", "2.1", "2", "2~rc1"]


def test_a_huge_number_is_compared() -> None:
    assert compare("9" * 10_000, "1" + "0" * 10_000) == -1


@pytest.mark.parametrize("text", ["", "1_2", "1+3", "../1", "1/2", "-1", "1" * 24, "1\n", "²"])
def test_what_cannot_be_in_names_and_labels_is_no_version(text: str) -> None:
    assert not is_version(text)


@pytest.mark.parametrize("text", ["1", "2026.1", "1.0~rc1", "1^2-3", "1" * 23])
def test_usual_versions_are_versions(text: str) -> None:
    assert is_version(text)
