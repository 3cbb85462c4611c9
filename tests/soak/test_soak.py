"""A short soak: the faults do what they are for, and the box keeps what it has acknowledged."""

from __future__ import annotations

import pytest

from services.bench.virtual_sound import why_not
from tests.soak.soak import soak


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_minutes_of_use_with_faults_cost_nothing_that_was_acknowledged() -> None:
    """`make soak` judges the figures too, over hours; they depend on how busy this machine is."""
    if reason := why_not():
        pytest.skip(reason)
    seen = soak(hours=0.05, seed=7)
    assert seen["broken"] == []
    assert seen["acknowledged_timers"] > 5
    assert seen["faults"]
