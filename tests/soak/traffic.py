"""Who uses the box during a soak: people, satellites, programs and a hub, each in a thread of its own."""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np

from assistant.audio.files import read_audio
from assistant.audio.format import SAMPLE_RATE
from services.bench.api import converse
from tests.soak.house import LAMPS, House, speak_to_file
from tests.soak.ledger import Ledger

#: What is said in the room, behind the wake word; all of it is answered aloud.
SPOKEN = (
    "what time is it",
    "turn on the reading lamp",
    "turn off the reading lamp",
    "what day is it",
    "turn on the corner lamp",
    "turn off the corner lamp",
)
_TIMERS = 12
#: 90 hours: longer than any soak and any step of its clock.
_LENGTH_S = 90 * 3600.0
_ACT_S = 10.0
#: One sentence may be answered only after the look, on a busy machine; or drown in the reply before.
_MOST_UNHEARD = 3


@dataclass
class Log:
    """What the users of a box saw.

    Attributes:
        failures: (seconds since the beginning, who, what) of calls that failed.
        contradictions: the same of what was acknowledged and is not so.
        heard: (seconds since the beginning, milliseconds) of the turns in the room.
        calls: how many were made, by who.
    """

    began: float = field(default_factory=time.monotonic)
    failures: list[tuple[float, str, str]] = field(default_factory=list)
    contradictions: list[tuple[float, str, str]] = field(default_factory=list)
    heard: list[tuple[float, float]] = field(default_factory=list)
    calls: dict[str, int] = field(default_factory=dict)

    @property
    def now(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self.began


class User(threading.Thread):
    """Does something again and again until told to stop.

    Args:
        name: who it is.
        work: what it does; a failure is noted, and it goes on.
        every_s: seconds from one begin to the next.
        log: where it is noted.
        stop: when to stop.
    """

    def __init__(
        self, name: str, work: Callable[[], None], every_s: float, log: Log, stop: threading.Event
    ) -> None:
        super().__init__(name=name, daemon=True)
        self._work = work
        self._every_s = every_s
        self._log = log
        self._stop_now = stop

    def run(self) -> None:
        """See above."""
        while not self._stop_now.is_set():
            due = time.monotonic() + self._every_s
            try:
                self._log.calls[self.name] = self._log.calls.get(self.name, 0) + 1
                self._work()
            except Exception as error:
                self._log.failures.append(
                    (self._log.now, self.name, f"{type(error).__name__}: {error}"[:300])
                )
            self._stop_now.wait(max(0.0, due - time.monotonic()))


class Room:
    """A person in the room: speaks, and looks at what became of it."""

    def __init__(self, house: House, log: Log, token: str, chance: random.Random) -> None:
        self._house = house
        self._log = log
        self._client = house.gate.client(token)
        self._chance = chance
        folder = house.box.folder / "speech"
        folder.mkdir()
        self._files = [
            speak_to_file(f"okay nabu, {words}", folder / f"{number}.wav")
            for number, words in enumerate(SPOKEN)
        ]
        self._seen: set[str] = set()
        self._unheard = 0

    def speak(self) -> None:
        """Say one sentence, and note the turns since the last one."""
        self._house.sound.speak(self._chance.choice(self._files)).wait(30)
        time.sleep(3)
        turns = _checked(self._client.get("/v1/turns", params={"limit": 20})).json().get("turns", [])
        new = [turn for turn in turns if turn["id"] not in self._seen and turn.get("label") == "room"]
        self._seen = {turn["id"] for turn in turns}
        for turn in new:
            if (heard := turn.get("clocks_ms", {}).get("heard")) is not None:
                self._log.heard.append((self._log.now, float(heard)))
        self._unheard = 0 if new else self._unheard + 1
        if self._unheard >= _MOST_UNHEARD:
            raise RuntimeError(f"the last {self._unheard} sentences in the room have not become turns")


class Satellite:
    """A satellite over WebSocket, which speaks at the pace of a microphone."""

    def __init__(self, house: House, token: str) -> None:
        self._gate = house.gate
        self._token = token
        path = speak_to_file("what day is it", house.box.folder / "satellite.wav")
        self._clip = np.pad(read_audio(path), (SAMPLE_RATE // 2, 0))

    def speak(self) -> None:
        """One conversation."""
        turn: dict[str, Any] = asyncio.run(
            converse(self._gate.port, self._gate.tls, self._token, "what day is it", self._clip)
        )
        if not turn["right"]:
            raise RuntimeError(f"the satellite was understood as {turn['heard']!r}")


class Program:
    """A program that asks, keeps timers and switches lamps, and does not believe what it is told."""

    def __init__(self, house: House, log: Log, token: str, chance: random.Random) -> None:
        self._house = house
        self._log = log
        self._client = house.gate.client(token)
        self._chance = chance
        self._timers: dict[str, str] = {}
        self.ledger = Ledger()

    def ask(self) -> None:
        """A typed question."""
        answer = _checked(self._client.post("/v1/query", json={"query": "what day is it"}))
        if "HassGetCurrentDate" not in answer.text:
            raise RuntimeError(f"a question was answered with {answer.text[-200:]}")

    def time(self) -> None:
        """Start a timer, or cancel one, and compare all of them with what was acknowledged."""
        if len(self._timers) < _TIMERS:
            name = "".join(self._chance.choices("bcdfghklmnprst", k=8))
            self.ledger.begins(name)
            body = {"length_s": _LENGTH_S, "name": name}
            self._timers[name] = str(_checked(self._client.post("/v1/timers", json=body)).json()["id"])
            self.ledger.is_set(name)
        else:
            name = self._chance.choice(list(self._timers))
            self.ledger.begins(name)
            _checked(self._client.delete(f"/v1/timers/{self._timers.pop(name)}"))
            self.ledger.is_removed(name)
        listed = _checked(self._client.get("/v1/timers")).json().get("timers", [])
        names = {timer.get("name", "") for timer in listed}
        self._timers = {name: number for name, number in self._timers.items() if name in names}
        # A start whose answer was lost may have left a timer that nobody here would ever cancel.
        self._timers |= {timer["name"]: str(timer["id"]) for timer in listed if timer.get("name")}
        for wrong in self.ledger.compare(names):
            self._log.contradictions.append((self._log.now, "timers", wrong))

    def switch(self) -> None:
        """Switch a lamp, and wait until the hub has been told."""
        lamp = self._chance.choice(LAMPS)
        topic = f"house/{lamp}/set"
        listed = _checked(self._client.get("/v1/home")).json().get("devices", [])
        found = next((device["id"] for device in listed if device["name"] == f"{lamp} lamp"), None)
        if found is None:
            raise RuntimeError(f"the box does not know the {lamp} lamp")
        before = len(self._house.broker.heard.get(topic, []))
        body = {"device_id": found, "command": self._chance.choice(["turn_on", "turn_off"])}
        _checked(self._client.post("/v1/home/act", json=body))
        deadline = time.monotonic() + _ACT_S
        while len(self._house.broker.heard.get(topic, [])) == before:
            if time.monotonic() > deadline:
                self._log.contradictions.append((self._log.now, "hub", f"the {lamp} lamp was never told"))
                return
            time.sleep(0.05)


class Hub:
    """A hub whose devices change: their states every time, and which there are now and then."""

    def __init__(self, house: House, chance: random.Random) -> None:
        self._house = house
        self._chance = chance
        self._turns = 0
        self._guest = ""

    def change(self) -> None:
        """A lamp was switched by hand; every so often a device comes or goes."""
        self._turns += 1
        lamp = self._chance.choice(LAMPS)
        state = {"state": self._chance.choice(["ON", "OFF"]), "brightness": self._chance.randrange(256)}
        self._house.broker.publish(f"house/{lamp}", json.dumps(state))
        if self._turns % 60:
            return
        self._house.broker.heard.clear()
        if self._guest:
            self._house.forget_lamp(self._guest)
            self._guest = ""
        else:
            self._guest = self._chance.choice(["balcony", "cellar", "attic"])
            self._house.announce_lamp(self._guest)


def _checked(answer: httpx.Response) -> httpx.Response:
    if answer.is_error:
        raise RuntimeError(f"{answer.status_code}: {answer.text[:200]}")
    return answer
