"""A session of an engine that may fail: the default engine answers what it cannot, and the engine is left."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from assistant.serving.agreement import is_finite
from assistant.serving.deadline import Hangs, Workers
from assistant.serving.engine import EngineLeft, HostTensor, Session, Tensor, first_line
from assistant.serving.health import Why

#: Elements up to which a tensor that stays at the engine is looked at. What is not finite in a larger one
#: comes out of a later step in a small one.
_LOOKED_AT = 4096
#: Is told which session is left, why, and in words.
Leave = Callable[["GuardedSession", Why, str], None]


class GuardedSession:
    """A session whose engine is watched; see `engine.Session`.

    Args:
        session: of the engine.
        default: of the same model, on the default engine.
        deadline_s: how long a call may take.
        leave: called once, when the engine is left.
    """

    def __init__(self, session: Session, default: Session, deadline_s: float, leave: Leave) -> None:
        self._workers = Workers("engine")
        self.inputs = session.inputs
        self._session = session
        self._default = default
        self._deadline_s = deadline_s
        self._leave = leave
        self._lock = threading.Lock()
        self._left = ""

    def __del__(self) -> None:
        self._workers.close()

    @property
    def is_left(self) -> bool:
        """Whether the engine was left, so that the default engine answers."""
        return bool(self._left)

    def run(self, outputs: Sequence[str] | None, feed: Mapping[str, Any]) -> list[NDArray[Any]]:
        """Run it on arrays; see `engine.Session`. The default engine answers what this one cannot."""
        if self._left:
            return self._default.run(outputs, feed)
        session = self._session
        try:
            found = self._workers.call(lambda: session.run(outputs, feed), self._deadline_s)
        except Hangs:
            self.give_up(Why.HANGS, f"no answer within {self._deadline_s:g} s")
            return self._default.run(outputs, feed)
        except Exception as error:
            why, reason = Why.FAILED, first_line(error)
        else:
            if all(map(is_finite, found)):
                return found
            why, reason = Why.WRONG, "a result has values that are no numbers"
        # Only if the default engine can do it, the fault was not in the request.
        answer = self._default.run(outputs, feed)
        if why is Why.FAILED or all(map(is_finite, answer)):
            self.give_up(why, reason)
        return answer

    def tensor(self, array: NDArray[Any]) -> Tensor:
        """A tensor for `run_tensors`; the engine gets it there, within the deadline."""
        return HostTensor(array)

    def run_tensors(self, outputs: Sequence[str], feed: Mapping[str, Tensor]) -> list[Tensor]:
        """Run it on tensors; see `engine.Session`."""
        session = self._session

        def run() -> list[Tensor]:
            found = session.run_tensors(outputs, feed)
            for tensor in found:
                if _elements(tensor) <= _LOOKED_AT and not is_finite(tensor.numpy()):
                    raise _NotFinite("a result has values that are no numbers")
            return found

        # A step of a series, whose tensors are at the engine: nobody else can answer it.
        if self._left:
            raise EngineLeft(self._left)
        try:
            return self._workers.call(run, self._deadline_s)
        except Hangs:
            why, reason = Why.HANGS, f"no answer within {self._deadline_s:g} s"
        except _NotFinite as error:
            why, reason = Why.WRONG, str(error)
        except Exception as error:
            why, reason = Why.FAILED, first_line(error)
        self.give_up(why, reason)
        raise EngineLeft(reason)

    def give_up(self, why: Why, reason: str) -> None:
        """Leave the engine, if that has not been done. Series of calls are told by `EngineLeft`."""
        with self._lock:
            first, self._left = not self._left, self._left or reason
        if first:
            self._leave(self, why, reason)


class _NotFinite(Exception):
    """A result is not finite."""


def _elements(tensor: Tensor) -> int:
    count = 1
    for size in tensor.shape():
        count *= size
    return count
