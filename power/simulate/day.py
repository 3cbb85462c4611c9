"""A whole day: what is steady is simulated for seconds and counted for its length; turns each."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from power.demand import Demand, Phase
from power.errors import SimulationError
from power.profiles.load import BUILT_IN
from power.profiles.profile import Profile
from power.simulate.domain import Task
from power.simulate.engine import Engine
from power.simulate.governors import Fixed, Governor, Ondemand, Schedutil
from power.simulate.machine import Model
from power.simulate.trace import DAY_S, Job, Trace, Turn

#: The kernel's governors, by the name the kernel gives them.
GOVERNORS: dict[str, Callable[[], Governor]] = {
    "schedutil": Schedutil,
    "ondemand": Ondemand,
    "powersave": lambda: Fixed(highest=False),
    "performance": lambda: Fixed(highest=True),
}
#: Every so many seconds the ears look, and milliseconds of the reference core each time. Silence: the
# daemon's
#: 1.7 % in bites of 120 ms; noise and speech: 1.3 % more, in bites of 20 ms (both docs/performance.md).
_EARS = {"silence": (0.12, 2.0), "noise": (0.02, 0.6)}
#: A turn, in milliseconds of the reference core: recognition in the pause, then parse, act and first chunk
# of the
#: reply (docs/performance.md: 35 and 48), then 70 a second of speech that is still to be made.
_RECOGNISE_MS, _ANSWER_MS, _CHUNK_MS, _CHUNK_S = 35.0, 48.0, 35.0, 0.5
#: Seconds: from onset to the wake word; from the last word to recognition, and to the earliest commit.
_WAKE_S, _PAUSE_S, _COMMIT_S = 0.7, 0.09, 0.16
#: Seconds simulated of what is steady, after as many to settle; of a television, whose onsets are far apart.
_STEADY_S, _TELEVISION_S = 6.0, 120.0
#: Seconds after a turn or a job until all is as before: cores rest again.
_AFTER_S = 13.0
#: A machine that needs longer for an answer is none for voice.
_PATIENCE_S = 60.0


@dataclass(frozen=True)
class Result:
    """A day under one governor.

    Attributes:
        cpu_j: drawn by the cores, which is what can be governed; `board_j` with the rest of the board.
        residency_s: by cluster, weak to strong: seconds at each clock in kHz.
        latencies_ms: of each turn, from the last word to the first sound.
        added_ms: of each turn, more than at full speed all the time.
    """

    machine: str
    trace: str
    governor: str
    cpu_j: float
    board_j: float
    residency_s: tuple[dict[int, float], ...]
    latencies_ms: tuple[float, ...]
    added_ms: tuple[float, ...]


def simulate(model: Model, trace: Trace, name: str, profiles: dict[str, Profile] | None = None) -> Result:
    """A day of `trace` on `model` under the governor or profile called `name`.

    Raises:
        SimulationError: there is no such governor or profile.
    """
    known = profiles or dict(BUILT_IN)
    # The kernel's "performance" and ours have the same name; ours is asked for as "sotto:performance".
    ours = name.removeprefix("sotto:") if name.startswith("sotto:") else ""
    if ours not in known and name not in GOVERNORS:
        choice = [*GOVERNORS, *(f"sotto:{each}" for each in known)]
        raise SimulationError(f"there is no governor {name[:40]!r}", hint=f"known: {', '.join(choice)}")
    return _Day(model, trace, name, known.get(ours)).run()


class _Day:
    def __init__(self, model: Model, trace: Trace, name: str, profile: Profile | None) -> None:
        self._model = model
        self._trace = trace
        self._name = name
        self._profile = profile
        self._joules = 0.0
        self._residency = [dict.fromkeys(silicon.khz, 0.0) for silicon in model.clusters]
        self._latencies: list[float] = []

    def run(self) -> Result:
        spent: list[tuple[float, float]] = []
        best: list[float] = []
        for number, turn in enumerate(self._trace.turns):
            # Turns meet the sound server at all moments of its period.
            lead = 1.0 + 0.0031 * (number % 7)
            engine, heard = self._turn(turn, self._engine(self._kind(turn.at)), lead)
            self._count(engine)
            self._latencies.append(heard)
            spent.append((turn.at, engine.now))
            fastest = Engine(self._model, Fixed(highest=True), None)
            fastest.listen(*_EARS["silence" if self._kind(turn.at) == "silence" else "noise"])
            best.append(self._turn(turn, fastest, lead)[1])
        spent += [self._job(job) for job in self._trace.jobs]
        for kind, seconds in self._steady_seconds(spent).items():
            if seconds > 0:
                self._steady(kind, seconds)
        return Result(
            machine=self._model.key,
            trace=self._trace.key,
            governor=self._name,
            cpu_j=self._joules,
            board_j=self._joules + self._model.base_w * DAY_S,
            residency_s=tuple(self._residency),
            latencies_ms=tuple(1000 * each for each in self._latencies),
            added_ms=tuple(1000 * (a - b) for a, b in zip(self._latencies, best, strict=True)),
        )

    def _kind(self, at: float) -> str:
        if any(span.begin <= at < span.end for span in self._trace.television):
            return "television"
        return "noise" if any(span.begin <= at < span.end for span in self._trace.noise) else "silence"

    def _engine(self, kind: str) -> Engine:
        governor = GOVERNORS.get(self._name, Schedutil)()
        demand = Demand(since=-1.0, credit=0.0, quiet_since=-1e4) if kind == "television" else None
        engine = Engine(self._model, governor, self._profile, demand)
        engine.listen(*_EARS["noise" if kind == "television" else kind])
        return engine

    def _count(self, engine: Engine, times: float = 1.0, before: Sequence[object] = ()) -> None:
        old_j, old_s = before if before else (0.0, None)
        assert isinstance(old_j, float)
        self._joules += times * (_joules(engine) - old_j)
        for number, domain in enumerate(engine.domains):
            for step, seconds in enumerate(domain.residency):
                past = old_s[number][step] if isinstance(old_s, list) else 0.0
                self._residency[number][domain.silicon.khz[step]] += times * (seconds - past)

    def _turn(self, turn: Turn, engine: Engine, lead: float) -> tuple[Engine, float]:
        """The engine after the turn, and seconds from the last word to the first sound."""
        spoken = lead + _WAKE_S + turn.sentence_s
        play = _Turn(engine, spoken, turn)
        engine.at(lead, play.onset)
        engine.at(lead + _WAKE_S, lambda: engine.report(Phase.THINKING))
        engine.at(spoken + _PAUSE_S, play.recognise)
        while math.isnan(play.heard_s) and engine.now < spoken + _PATIENCE_S:
            engine.run(engine.now + 1.0)
        engine.run(engine.now + turn.reply_s + 1.0 + _AFTER_S)
        if math.isnan(play.heard_s):
            raise SimulationError(
                f"{self._model.name} does not finish a turn", hint="is it fast enough for voice?"
            )
        return engine, play.heard_s

    def _job(self, job: Job) -> tuple[float, float]:
        engine = self._engine(self._kind(job.at))
        ended: list[float] = []
        engine.at(1.0, lambda: engine.work(Task("job"), 1000 * job.work_s, lambda: ended.append(engine.now)))
        while not ended and engine.now < DAY_S:
            engine.run(engine.now + 5.0)
        engine.run(engine.now + _AFTER_S)
        self._count(engine)
        return job.at, engine.now

    def _steady_seconds(self, spent: list[tuple[float, float]]) -> dict[str, float]:
        seconds = {
            "television": sum(span.end - span.begin for span in self._trace.television),
            "noise": sum(span.end - span.begin for span in self._trace.noise),
        }
        seconds["silence"] = DAY_S - sum(seconds.values())
        for at, length in spent:
            seconds[self._kind(at)] -= length
        return seconds

    def _steady(self, kind: str, seconds: float) -> None:
        engine = self._engine(kind)
        window = _STEADY_S
        if kind == "television":
            window = _TELEVISION_S
            every = self._trace.television[0].every_s
            for number in range(int(2 * window / every)):
                engine.at(number * every, lambda: engine.report(Phase.SPEECH))
                engine.at(number * every + 0.6 * every, lambda: engine.report(Phase.IDLE))
        engine.run(window)
        before = (_joules(engine), [list(domain.residency) for domain in engine.domains])
        engine.run(2 * window)
        self._count(engine, seconds / window, before)


class _Turn:
    """The course of one turn, each step begun by the end of the one before."""

    def __init__(self, engine: Engine, spoken: float, turn: Turn) -> None:
        self._engine = engine
        self._spoken = spoken
        self._turn = turn
        self._chunks = math.ceil(turn.reply_s / _CHUNK_S)
        self.heard_s = math.nan

    def onset(self) -> None:
        self._engine.listen(*_EARS["noise"])
        self._engine.report(Phase.SPEECH)

    def recognise(self) -> None:
        self._engine.think(_RECOGNISE_MS, self._recognised)

    def _recognised(self) -> None:
        self._engine.at(max(self._engine.now, self._spoken + _COMMIT_S), self._answer)

    def _answer(self) -> None:
        self._engine.think(_ANSWER_MS, self._speak)

    def _speak(self) -> None:
        self.heard_s = self._engine.now - self._spoken
        self._engine.report(Phase.SPEAKING)
        self._engine.listen(*_EARS["noise"])
        for number in range(self._chunks):
            self._engine.at(
                self._engine.now + number * _CHUNK_S, lambda: self._engine.think(_CHUNK_MS, _nothing)
            )
        self._engine.at(self._engine.now + self._turn.reply_s, self._end)

    def _end(self) -> None:
        self._engine.listen(*_EARS["silence"])
        self._engine.report(Phase.IDLE)


def _joules(engine: Engine) -> float:
    return sum(domain.joules for domain in engine.domains)


def _nothing() -> None:
    """A chunk of speech is made ahead of its time; playback does not wait for it."""
