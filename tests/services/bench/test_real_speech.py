"""The promise on real speech: commands of many people, in their own language and in a foreign home."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.bench import accuracy


def _promise_holds(speech: Path, limit: int | None) -> None:
    result = accuracy.run(speech, limit)
    right, foreign = result["accepted_right_percent"], result["foreign_taken_for_home_percent"]
    assert isinstance(right, float)
    assert isinstance(foreign, float)
    assert right >= 77, result
    assert foreign <= 2, result


def test_some_commands(speech_dir: Path) -> None:
    _promise_holds(speech_dir, 30)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_all_commands(speech_dir: Path) -> None:
    _promise_holds(speech_dir, None)
