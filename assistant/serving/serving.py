"""Serving: every model by its name, each on the engine that is chosen for it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from assistant.models.store import ModelStore
from assistant.serving import proving
from assistant.serving.choices import Choices, Chooser, DefaultChooser
from assistant.serving.deadline import hung
from assistant.serving.engine import AUTO, DEFAULT_ENGINE, Session, unavailable
from assistant.serving.guarded import GuardedSession
from assistant.serving.health import MOST_HUNG, Health, Standing, Why
from assistant.serving.model import Model
from assistant.serving.opener import NotProven, Opener, Options
from assistant.serving.registry import Registry
from assistant.serving.status import LeftEngine, ModelStatus
from common import metrics

log = logging.getLogger(__name__)

LEFT = metrics.Counter("sotto_engine_left_total", "Engines that were left", ("model", "engine", "why"))
SWITCHED = metrics.Counter("sotto_engine_switches_total", "Changes of a model's engine", ("model", "engine"))


@dataclass(frozen=True)
class _Open:
    """What an open session of another engine belongs to; `proof` is the key of its proof."""

    model: Model
    engine: str
    proof: str


class Serving:
    """The models of a store, each on the engine that is chosen for it; may be used by several threads.

    A model opens on the default engine, so that nothing waits for another one. `Upkeep` moves it to the one
    that is chosen once that has proven itself; `switch` does so at once.

    Args:
        store: holds the models.
        choices: which engine each model is to run on.
        registry: the engines.
        chooser: chooses where the choice is "auto".
        prove: has an engine prove itself apart from this process.
        clock: seconds, of a clock that never steps.

    Attributes:
        store: of the models.
        choices: which engine each model is to run on.
        registry: the engines.
        chooser: chooses where the choice is "auto"; may be replaced.
    """

    def __init__(
        self,
        store: ModelStore,
        choices: Choices | None = None,
        registry: Registry | None = None,
        *,
        chooser: Chooser | None = None,
        prove: proving.Prove = proving.prove_apart,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.store = store
        self.choices = choices or Choices(AUTO, {}, None)
        self.registry = registry or Registry(folder=store.compiled_folder)
        self.chooser: Chooser = chooser or DefaultChooser()
        self._opener = Opener(store, self.registry, self.choices, prove)
        self._clock = clock
        self._models: dict[str, tuple[Model, Options]] = {}
        self._health: dict[tuple[str, str], Health] = {}
        #: Sessions of other engines that are open.
        self._guarded: WeakKeyDictionary[GuardedSession, _Open] = WeakKeyDictionary()
        self._lock = threading.Lock()
        #: Held while an engine is opened: one at a time, because that takes memory and computing.
        self._opening = threading.Lock()

    def model(self, name: str, threads: int = 1, *, arena: bool = False) -> Model:
        """A model, opened on the default engine at its first use; later calls get the same one.

        Args:
            name: one of `MODEL_NAMES`.
            threads: threads inside one operator, on the processor.
            arena: whether buffers are kept between runs.

        Raises:
            ModelError: it is missing or damaged, or there is none of that name.
        """
        with self._lock:
            if name not in self._models:
                options = Options(threads, arena)
                self._models[name] = Model(name, self._opener.open_default(name, options)), options
            return self._models[name][0]

    def models(self) -> tuple[Model, ...]:
        """Those that are open."""
        with self._lock:
            return tuple(model for model, _ in self._models.values())

    def candidates(self) -> tuple[str, ...]:
        """Engines that are installed, the default engine first; opening one shows whether it works."""
        others = (name for name in self.registry.ids if name != DEFAULT_ENGINE)
        return (DEFAULT_ENGINE, *(name for name in others if self.registry.may_be_usable(name)))

    def wanted(self, name: str) -> str:
        """Id of the engine that a model is to run on: the choice, or what the chooser says."""
        choice = self.choices.of(name)
        if choice != AUTO:
            return choice
        chosen = self.chooser.choose(name, self.candidates())
        return chosen if chosen in self.registry.ids else DEFAULT_ENGINE

    def may_open(self, name: str, engine: str) -> bool:
        """Whether the engine may be tried for this model now; False while it is left."""
        return engine == DEFAULT_ENGINE or self._health_of(name, engine).may_prove(self._clock(), hung())

    def open(self, name: str, engine: str) -> Session:
        """A session of a model on an engine that has proven itself; the model's own engine does not change.

        It is watched: what the engine cannot answer, the default engine answers (see `GuardedSession`).

        Raises:
            ModelError: the model is missing, or the engine cannot open it.
            Unavailable: the engine cannot be used here, is wrong for this model, or hangs.
            InvalidInput: there is no such engine.
        """
        model = self.model(name)
        entry = self.registry.entry(engine)
        if engine == DEFAULT_ENGINE:
            return model.default
        if hung() >= MOST_HUNG:
            raise unavailable(f"{hung()} calls hang in engines; a restart of the assistant ends them")
        with self._opening:
            health = self._health_of(name, engine).proving(self._clock())
            self._health[name, engine] = health
            try:
                proven = self._opener.proven(model, engine, self._models[name][1])
            except NotProven as found:
                self._mark_left(name, engine, found.why, found.error.message)
                raise found.error from found
            session = GuardedSession(proven.session, model.default, proven.deadline_s, self._leave)
            self._guarded[session] = _Open(model, engine, proven.proof)
            self._health[name, engine] = health.trusted(self._clock())
        log.info("%s runs on %s for %s", entry.name, entry.device, name)
        return session

    def switch(self, name: str, engine: str) -> str:
        """Choose the engine of a model, and change to it; returns the id of the engine that it runs on now.

        The new session is opened first. Calls under way finish on the old one. If the engine cannot be used,
        nothing changes. It may be tried although it was left: somebody wants it.

        Args:
            name: one of `MODEL_NAMES`.
            engine: an id, or "auto".

        Raises:
            ModelError, Unavailable, InvalidInput: as of `open`.
            StorageError: the choice could not be kept for the next start; the engine was changed.
        """
        if engine == AUTO:
            self.choices.choose(name, AUTO)
            engine = self.wanted(name)
            self.move(name, engine)
            return engine
        self.registry.forget(engine)
        self.move(name, engine)
        self.choices.choose(name, engine)
        return engine

    def move(self, name: str, engine: str) -> None:
        """Let new calls of a model run on an engine; errors as of `open`, and nothing changes then."""
        model = self.model(name)
        if model.engine == engine:
            return
        session = self.open(name, engine)
        model.use(engine, session)
        SWITCHED.inc(name, engine)
        if isinstance(session, GuardedSession) and session.is_left:  # in the meantime
            model.leave(session)

    def recheck(self, model: Model) -> None:
        """Have the engine that answers for a model run its sample again; it is left if it is wrong now."""
        session = model.pinned()
        if not isinstance(session, GuardedSession):
            return
        found = proving.agreement(session, model.default, proving.sample_for(model.name))
        if not found.is_right:
            session.give_up(Why.WRONG, found.detail)

    def status(self) -> tuple[ModelStatus, ...]:
        """The open models and their engines."""
        now_s = self._clock()
        return tuple(
            ModelStatus(
                model.name, model.engine, self.choices.of(model.name), self._left_of(model.name, now_s)
            )
            for model in self.models()
        )

    def _left_of(self, name: str, now_s: float) -> tuple[LeftEngine, ...]:
        return tuple(
            LeftEngine(
                engine,
                health.why,
                health.reason,
                now_s - health.since_s,
                max(0.0, health.since_s + health.wait_s - now_s),
            )
            for (model, engine), health in list(self._health.items())
            if model == name and health.standing is Standing.LEFT and health.why is not None
        )

    def _health_of(self, name: str, engine: str) -> Health:
        return self._health.get((name, engine), Health())

    def _leave(self, session: GuardedSession, why: Why, reason: str) -> None:
        """An open session has failed, in the middle of somebody's call."""
        was = self._guarded.pop(session, None)
        if was is None:
            return
        was.model.leave(session)
        self._mark_left(was.model.name, was.engine, why, reason)
        # What hangs in one model may hang in any. Not in this thread, which has somebody to answer.
        beginning = was.engine if why is Why.HANGS else was.proof
        threading.Thread(target=self.choices.drop_proofs, args=(beginning,), name="engine-left").start()
        if why is Why.HANGS:
            for other, its in list(self._guarded.items()):
                if its.engine == was.engine:
                    other.give_up(Why.HANGS, f"it hangs in {was.model.name}")

    def _mark_left(self, name: str, engine: str, why: Why, reason: str) -> None:
        self._health[name, engine] = self._health_of(name, engine).left(why, reason, self._clock())
        LEFT.inc(name, engine, why)
        log.warning("%s is left for %s (%s): %s", engine, name, why, reason)
        # Its device may have gone: look again when it is wanted next.
        self.registry.forget(engine)
