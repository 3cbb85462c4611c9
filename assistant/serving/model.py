"""A model by its name, whose engine can be changed while it is used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from assistant.serving.engine import DEFAULT_ENGINE, Session, Tensor


@dataclass(frozen=True)
class _Seat:
    engine: str
    session: Session


class Model:
    """One model; see `engine.Session`.

    A call keeps the session that it began with. So when the engine is changed, calls under way finish on the
    old one, new ones begin on the new one, and the old session is closed when its last call has returned.

    Args:
        name: one of `assistant.models.store.MODEL_NAMES`.
        default: its session on the default engine, which stays open: it answers when another engine fails.

    Attributes:
        name: of the model.
        default: its session on the default engine.
    """

    def __init__(self, name: str, default: Session) -> None:
        self.name = name
        self.default = default
        self.inputs = default.inputs
        self._seat = _Seat(DEFAULT_ENGINE, default)

    @property
    def engine(self) -> str:
        """Id of the engine that new calls run on."""
        return self._seat.engine

    def run(self, outputs: Sequence[str] | None, feed: Mapping[str, Any]) -> list[NDArray[Any]]:
        """Run it on arrays; see `engine.Session`."""
        return self._seat.session.run(outputs, feed)

    def tensor(self, array: NDArray[Any]) -> Tensor:
        """A tensor of the present engine."""
        return self._seat.session.tensor(array)

    def run_tensors(self, outputs: Sequence[str], feed: Mapping[str, Tensor]) -> list[Tensor]:
        """Run it on tensors; see `engine.Session`. A series of calls needs `pinned`."""
        return self._seat.session.run_tensors(outputs, feed)

    def pinned(self) -> Session:
        """The present session, for a series of calls that hand tensors on, such as one utterance.

        It stays on its engine. While somebody holds it, it is not closed.
        """
        return self._seat.session

    def use(self, engine: str, session: Session) -> None:
        """Let new calls run on this session. `Serving.switch` opens and proves one first."""
        self._seat = _Seat(engine, session)

    def leave(self, session: Session) -> None:
        """Let new calls run on the default engine, if they run on this session now."""
        if self._seat.session is session:
            self._seat = _Seat(DEFAULT_ENGINE, self.default)
