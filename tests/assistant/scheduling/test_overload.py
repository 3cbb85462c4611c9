"""A simulated evening with more satellites than the box can serve: the room hardly notices."""

from __future__ import annotations

import heapq
import random
from itertools import count

import pytest

from assistant.scheduling.dispatch import Dispatcher, Outcome, Ticket
from assistant.scheduling.jobs import Priority
from assistant.scheduling.overload import Overloaded
from assistant.scheduling.queue import QueueLimits
from tests.assistant.scheduling.machines import CPU, figure, job, options

_LENGTH_S = 60.0
_JOB_S = 0.25
_LONGEST_S = 1.5 * _JOB_S
_PATIENCE_S = 10.0


class _Evening:
    """Satellites at a rate, and now and then somebody in the room."""

    def __init__(self, per_second: float, seed: int) -> None:
        self._random = random.Random(seed)
        self._dispatcher = Dispatcher(
            QueueLimits(), options((figure("ears", CPU, "onnxruntime", 1e3 * _JOB_S),), (CPU,)), [CPU], 0.0
        )
        self._numbers = count()
        self._events: list[tuple[float, int, Ticket | Priority | None]] = []
        self.begun: list[Ticket] = []
        self.refused: list[Ticket] = []
        self.busy_s = self.over_at = 0.0
        self._come(Priority.SATELLITE, per_second)
        self._come(Priority.ROOM, 0.1)
        for number in range(round(_LENGTH_S / 0.05)):
            self._at(number * 0.05, None)
        while self._events:
            self.over_at, _, what = heapq.heappop(self._events)
            self._happens(what, self.over_at)

    def _come(self, priority: Priority, per_second: float) -> None:
        now = 0.0
        while (now := now + self._random.expovariate(per_second)) < _LENGTH_S:
            self._at(now, priority)

    def _at(self, now: float, what: Ticket | Priority | None) -> None:
        heapq.heappush(self._events, (now, next(self._numbers), what))

    def _happens(self, what: Ticket | Priority | None, now: float) -> None:
        if isinstance(what, Ticket):
            self._settled(self._dispatcher.end(what, Outcome.DONE, now), now)
        elif what is None:
            self._settled(self._dispatcher.run_waiting(now), now)
        else:
            speaker = "" if what is Priority.ROOM else f"satellite {self._random.randrange(64)}"
            _, settled = self._dispatcher.submit(job(what, speaker, deadline=now + _PATIENCE_S), now)
            self._settled(settled, now)

    def _settled(self, settled: list[Ticket], now: float) -> None:
        for ticket in settled:
            if ticket.option is None:
                self.refused.append(ticket)
                continue
            took_s = _JOB_S * self._random.uniform(0.5, 1.5)
            self.busy_s += took_s
            self.begun.append(ticket)
            self._at(now + took_s, ticket)


@pytest.mark.parametrize("seed", range(3))
def test_the_room_waits_for_no_more_than_what_runs(seed: int) -> None:
    evening = _Evening(12.0, seed)
    room = [ticket for ticket in evening.begun if ticket.job.priority is Priority.ROOM]
    assert room
    assert max(ticket.began_at - ticket.came_at for ticket in room) <= _LONGEST_S
    assert evening.refused
    for ticket in evening.refused:
        assert ticket.job.priority is Priority.SATELLITE
        assert isinstance(ticket.error, Overloaded)
        assert 1 <= ticket.error.retry_after_s <= 60
    waits = [ticket.began_at - ticket.came_at for ticket in evening.begun]
    assert max(waits) <= _PATIENCE_S
    # The ceiling of the processor, and a little more because one job may always run.
    load = evening.busy_s / CPU.slots / evening.over_at
    assert load == pytest.approx(CPU.ceiling, abs=0.08)


def test_below_the_ceiling_nobody_is_refused() -> None:
    assert not _Evening(3.0, 7).refused
