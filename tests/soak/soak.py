"""The soak itself: users and faults at once, looked at all the time; then the verdict."""

from __future__ import annotations

import random
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from services.bench.figures import machine
from tests.soak.faults import REST_S, Fault, bags
from tests.soak.house import House
from tests.soak.traffic import Hub, Log, Program, Room, Satellite, User
from tests.soak.verdict import Sample, by_span, grew, growth, late, slower

_SAMPLE_S = 15.0
#: A fault that nobody recovers from within this ends the wait for it; what fails after it is told.
_MOST_RECOVERY_S = 180.0
_PROGRESS_S = 300.0


def soak(hours: float, seed: int) -> dict[str, Any]:
    """Run for so many hours; gives everything that was seen.

    Under `broken` is what must never be: something acknowledged that is lost, a daemon that ended by itself
    or with an error. Under `missed` are the figures that were not kept, which depend on the machine too.

    Raises:
        RuntimeError: something that it needs is not there.
    """
    with tempfile.TemporaryDirectory(prefix="sotto-soak-", ignore_cleanup_errors=True) as folder:
        house = House(Path(folder))
        try:
            house.start()
            seen = _Run(house, hours, random.Random(seed)).run()
        finally:
            statuses = house.close()
        logs = {name: (Path(folder) / f"{name}.log").read_text("utf-8", "replace") for name in statuses}
    broken = seen["broken"]
    broken += [f"{name} ended with status {status}" for name, status in statuses.items() if status != 0]
    for name, text in logs.items():
        if "Traceback" in text:
            broken.append(f"{name} has logged a traceback: {text.split('Traceback', 1)[1][:1500]}")
    return {"machine": machine(), "hours": hours, "seed": seed, **seen}


def _nothing() -> None:
    """Some faults mend themselves."""


class _Run:
    """One soak of a house that is up."""

    def __init__(self, house: House, hours: float, chance: random.Random) -> None:
        self._house = house
        self._seconds = hours * 3600
        self._chance = chance
        self._log = Log()
        self._samples: list[Sample] = []
        #: (name, begin, when all was well again), seconds since the beginning.
        self._faults: list[tuple[str, float, float]] = []
        self._kinds, self._left_out = self._kinds_of_faults()

    def run(self) -> dict[str, Any]:
        """See `soak`."""
        stop = threading.Event()
        users, program = self._users(stop)
        for user in users:
            user.start()
        watcher = User("watcher", self._look, _SAMPLE_S, self._log, stop)
        watcher.start()
        self._break_things()
        stop.set()
        for user in (*users, watcher):
            user.join(120)
        return self._result(program)

    def _users(self, stop: threading.Event) -> tuple[list[User], Program]:
        token = self._house.gate.pair("soak", "talk", "control")
        room = Room(self._house, self._log, token, self._chance)
        satellite = Satellite(self._house, token)
        program = Program(self._house, self._log, token, self._chance)
        hub = Hub(self._house, self._chance)
        work = (
            ("room", room.speak, 12.0),
            ("satellite", satellite.speak, 20.0),
            ("questions", program.ask, 2.0),
            ("timers", program.time, 5.0),
            ("lamps", program.switch, 7.0),
            ("hub", hub.change, 1.0),
        )
        return [User(name, do, every, self._log, stop) for name, do, every in work], program

    def _kinds_of_faults(self) -> tuple[list[Fault], dict[str, str]]:
        house, keeper = self._house, self._house.keeper
        kinds = [
            Fault(f"{device} gone", partial(house.sound.unplug, device), partial(house.replug, device), 20.0)
            for device in ("microphone", "speaker")
        ]
        kinds += [
            Fault(f"{name} killed", partial(keeper.kill, name), _nothing, 0.0)
            for name in ("assistantd", "gatewayd", "connectord")
        ]
        kinds.append(Fault("hub gone", house.broker.stop, house.broker.start, 20.0))
        left_out = {}
        if house.disk.mounted:
            kinds.append(Fault("disk full", house.disk.fill, house.disk.free, 20.0))
        else:
            left_out["disk full"] = house.disk.why_not
        if house.clock.why_not:
            left_out["clock steps"] = house.clock.why_not
        else:
            kinds.append(Fault("clock forward", partial(house.clock.step, 3600), _nothing, 0.0))
            kinds.append(Fault("clock back", partial(house.clock.step, -3600), _nothing, 0.0))
        return kinds, left_out

    def _break_things(self) -> None:
        """One fault after the other, with quiet in between; as long as the soak lasts."""
        quiet = max(REST_S, min(240.0, self._seconds / 50))
        told = 0.0
        for fault in bags(self._kinds, self._chance):
            if not self._wait(quiet):
                return
            begun = self._log.now
            fault.begin()
            try:
                self._wait(fault.seconds)
            finally:
                fault.end()
            deadline = time.monotonic() + _MOST_RECOVERY_S
            # The keeper looks every fifth of a second, so that a killed daemon is missed after two.
            self._wait(2.0)
            while not self._house.keeper.all_up() and time.monotonic() < deadline:
                time.sleep(0.2)
            self._faults.append((fault.name, begun, self._log.now))
            if self._log.now - told > _PROGRESS_S:
                told = self._log.now
                minutes, calls = told / 60, sum(self._log.calls.values())
                print(
                    f"{minutes:5.0f} min: {calls} calls, {len(self._faults)} faults",
                    file=sys.stderr,
                    flush=True,
                )

    def _wait(self, seconds: float) -> bool:
        """Whether the soak goes on after so many seconds."""
        left = self._seconds - self._log.now
        time.sleep(max(0.0, min(seconds, left)))
        return left > seconds

    def _look(self) -> None:
        self._samples += self._house.keeper.sample(self._log.now)

    def _calm(self, at: float) -> bool:
        """Whether no fault was there at that time, nor shortly before."""
        return not any(begin - 5 <= at <= end + REST_S for _, begin, end in self._faults)

    def _result(self, program: Program) -> dict[str, Any]:
        keeper, log = self._house.keeper, self._log
        quiet_failures = [each for each in log.failures if self._calm(each[0])]
        # A lamp of a hub that was away is switched later or not at all; a timer is kept in any case.
        wrong = [each for each in log.contradictions if each[1] == "timers" or self._calm(each[0])]
        heard = [each for each in log.heard if self._calm(each[0])]
        span_s = min(3600.0, max(60.0, self._seconds / 4))
        spans = by_span(heard, span_s)
        lives = growth(self._samples)
        ended = [f"{name} ended by itself with status {status}" for name, status in keeper.unasked]
        return {
            "broken": [*_told(wrong), *ended],
            "missed": [*_told(quiet_failures), *late(keeper.back), *grew(lives), *slower(spans)],
            "calls": log.calls,
            "failed_during_faults": len(log.failures) - len(quiet_failures),
            "failed_in_calm": len(quiet_failures),
            "acknowledged_timers": program.ledger.acknowledged,
            "faults": dict(Counter(name for name, _, _ in self._faults)),
            "faults_left_out": self._left_out,
            "back_s": [[name, round(seconds, 1)] for name, seconds in keeper.back],
            "heard": spans,
            "growth": [asdict(life) for life in lives],
            "samples": [asdict(sample) for sample in self._samples],
            "fault_times": [[name, round(begin), round(end)] for name, begin, end in self._faults],
        }


def _told(seen: list[tuple[float, str, str]]) -> list[str]:
    return [f"{at / 60:.1f} min, {who}: {what}" for at, who, what in seen]
