"""Opens a model on an engine, and has the engine show that it is right before it answers."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.hardware.ladder import Outcome
from assistant.models.store import ModelStore
from assistant.serving import proving
from assistant.serving.choices import Choices
from assistant.serving.deadline import Hangs, Workers
from assistant.serving.engine import DEFAULT_ENGINE, Session, first_line, unavailable
from assistant.serving.health import Why, deadline_s
from assistant.serving.model import Model
from assistant.serving.registry import Registry
from assistant.serving.samples import ModelSample
from common.errors import SottoError

#: Seconds that an engine may take to open a model. TensorRT builds it at first, which takes minutes.
OPEN_S = 600.0


@dataclass(frozen=True)
class Options:
    """How the sessions of a model are opened; see `engine.Engine.open`."""

    threads: int = 1
    arena: bool = False


@dataclass(frozen=True)
class Proven:
    """A session that has shown that it is right.

    Attributes:
        session: of the engine.
        proof: key under which the proof is kept.
        deadline_s: how long one of its calls may take.
    """

    session: Session
    proof: str
    deadline_s: float


class NotProven(Exception):
    """An engine cannot be used, or is not right.

    Attributes:
        why: in a word.
        error: for people.
    """

    def __init__(self, why: Why, error: SottoError) -> None:
        super().__init__(error.message)
        self.why = why
        self.error = error


class Opener:
    """Opens sessions.

    Args:
        store: holds the models.
        registry: the engines.
        choices: keeps the proofs.
        prove: has an engine prove itself apart from this process.
    """

    def __init__(self, store: ModelStore, registry: Registry, choices: Choices, prove: proving.Prove) -> None:
        self._store = store
        self._registry = registry
        self._choices = choices
        self._prove = prove

    def open(self, name: str, engine: str, options: Options) -> Session:
        """A session of a model on an engine, in this process, without a proof.

        Raises:
            ModelError: it is missing or damaged, or the engine cannot open it.
            Unavailable: the engine cannot be used here.
        """
        entry, made = self._registry.entry(engine), self._registry.engine(engine)
        return proving.open_model(self._store, made, entry, name, options.threads, arena=options.arena)

    def open_default(self, name: str, options: Options) -> Session:
        """A session on the default engine; errors as of `open`."""
        return self.open(name, DEFAULT_ENGINE, options)

    def proven(self, model: Model, engine: str, options: Options) -> Proven:
        """A session that has shown, apart and here, that it is right.

        Raises:
            NotProven: the engine cannot be used here, cannot open the model, hangs, or is wrong.
        """
        try:
            sample = proving.sample_for(model.name)
            found = self._registry.availability(engine)
        except SottoError as error:
            raise NotProven(Why.UNOPENED, error) from error
        if not found.usable:
            raise NotProven(Why.UNOPENED, unavailable(found.reason))
        proof = proving.proof_key(model.name, engine, found.version)
        if not self._choices.is_proven(proof):
            trial = self._prove(self._store, self._registry, model.name, engine)
            if trial.outcome is not Outcome.RIGHT:
                why = Why.WRONG if trial.outcome is Outcome.WRONG else Why.UNOPENED
                raise NotProven(why, unavailable(trial.detail))
        session = self._right_here(model, engine, options, sample)
        self._choices.keep_proof(proof)
        return Proven(session, proof, deadline_s(proving.sample_s(model.default, sample)))

    def _right_here(self, model: Model, engine: str, options: Options, sample: ModelSample) -> Session:
        # The first run may compile kernels for its shapes.
        workers = Workers("engine-open")
        try:
            session = workers.call(lambda: self.open(model.name, engine, options), OPEN_S)
            found = workers.call(lambda: proving.agreement(session, model.default, sample), OPEN_S)
        except Hangs:
            raise NotProven(Why.HANGS, unavailable(f"no answer within {OPEN_S:g} s")) from None
        except SottoError as error:
            raise NotProven(Why.UNOPENED, error) from error
        except Exception as error:
            raise NotProven(Why.UNOPENED, unavailable(first_line(error))) from error
        finally:
            workers.close()
        if not found.is_right:
            raise NotProven(Why.WRONG, unavailable(f"the result is wrong: {found.detail}"))
        return session
