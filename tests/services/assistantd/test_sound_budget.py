from __future__ import annotations

import threading
from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Unavailable
from services.assistantd.sound_budget import SoundBudget


@given(st.lists(st.integers(0, 150), max_size=8))
def test_no_more_is_held_than_there_is(sizes: list[int]) -> None:
    budget = SoundBudget(100, patience_s=0)
    held = 0
    with ExitStack() as shares:
        for size in sizes:
            needs = min(size, 100)
            if held + needs <= 100:
                shares.enter_context(budget.share(size))
                held += needs
            else:
                with pytest.raises(Unavailable) as caught:
                    shares.enter_context(budget.share(size))
                assert caught.value.code == "audio.busy"
    with budget.share(100):
        pass


def test_a_share_is_given_back_if_the_work_fails() -> None:
    budget = SoundBudget(100, patience_s=0)
    with pytest.raises(RuntimeError), budget.share(100):
        raise RuntimeError
    with budget.share(100):
        pass


def test_a_share_is_waited_for() -> None:
    budget = SoundBudget(100, patience_s=60)
    got = threading.Event()

    def wait() -> None:
        with budget.share(60):
            got.set()

    waiting = threading.Thread(target=wait)
    with budget.share(60):
        waiting.start()
        assert not got.wait(0.05)
    waiting.join()
    assert got.is_set()
