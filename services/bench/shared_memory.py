"""What is shared when two processes open the same models, and what that does to their speed.

Shared are the weights of prepacked files, which are mapped. The same models opened from the converted and the
published files, whose weights are copied into each process, are measured beside them.
"""

from __future__ import annotations

import multiprocessing
import statistics
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter, thread_time
from typing import Any

from assistant.models.store import AS_PUBLISHED, PREPARED, ModelStore
from assistant.serving.onnxruntime_engine import open_session
from services.bench.model_feeds import feed_of
from services.daemon.allocator import FOR_MODELS, bound_allocator, give_back

_ROUNDS = 20
#: Runs of one model before the other process has its turn.
_RUNS = 5
_ANSWER_S = 120.0


@dataclass(frozen=True)
class Memory:
    """Memory of a process, in bytes; from /proc/PID/smaps_rollup (proc(5)).

    Attributes:
        private: pages that no other process has mapped.
        proportional: with its part of the pages that others have mapped, too.
    """

    private: int
    proportional: int

    def less(self, other: Memory) -> Memory:
        """What it has more than `other`."""
        return Memory(self.private - other.private, self.proportional - other.proportional)


def memory_of(pid: int | str = "self") -> Memory:
    """Memory of a process of this user.

    Raises:
        OSError: there is no such process, or it belongs to somebody else.
    """
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    kib = {words[0]: int(words[1]) for line in lines if len(words := line.split()) == 3}
    private = kib["Private_Clean:"] + kib["Private_Dirty:"]
    return Memory(private * 1024, kib["Pss:"] * 1024)


class _Process:
    """A process that opens models.

    Args:
        paths: name of each model -> its file.
    """

    def __init__(self, paths: dict[str, Path]) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, paths), daemon=True)
        self._process.start()
        theirs.close()
        #: Before it has opened a model.
        self.bare = self.memory()

    def ask(self, *request: Any) -> Any:
        """Send a request and wait for its answer.

        Raises:
            RuntimeError: it has ended, or gives no answer.
        """
        self._connection.send(request)
        if not self._connection.poll(_ANSWER_S):
            raise RuntimeError(f"a process gave no answer to {request} within {_ANSWER_S:.0f} s")
        try:
            return self._connection.recv()
        except EOFError:
            raise RuntimeError(f"a process ended at {request}") from None

    def memory(self) -> Memory:
        """Its memory while it rests, as after a turn of the daemon."""
        self.ask("rest")
        return memory_of(self._process.pid or "self")

    def close(self) -> None:
        """End it."""
        self._connection.close()
        self._process.join(10)
        if self._process.is_alive():
            self._process.kill()


def _serve(connection: Connection, paths: dict[str, Path]) -> None:
    """Run in the process: answer requests until the connection is closed."""
    bound_allocator(*FOR_MODELS)
    sessions = {}
    feeds = {name: feed_of(name) for name in paths}
    while True:
        try:
            what, *rest = connection.recv()
        except (EOFError, OSError):
            return
        answer: Any = None
        if what == "open":
            (name,) = rest
            began = perf_counter()
            sessions[name] = open_session(paths[name], arena=name.endswith("decoder"))
            answer = perf_counter() - began
        elif what == "run":
            name, runs = rest
            answer = []
            for _ in range(runs):
                # One thread runs a model. Its processor time does not depend on what else the machine does.
                began = thread_time()
                sessions[name].run(None, feeds[name])
                answer.append(thread_time() - began)
        elif what == "rest":
            give_back()
        connection.send(answer)


@contextmanager
def _pair(paths: dict[str, Path]) -> Iterator[tuple[_Process, _Process]]:
    processes = (_Process(paths), _Process(paths))
    try:
        yield processes
    finally:
        for process in processes:
            process.close()


def models_of(store: ModelStore) -> list[str]:
    """The models that an engine runs, as far as they are there."""
    return [*PREPARED, *(name for name in AS_PUBLISHED if store.state(name) == "ready")]


def plain(store: ModelStore) -> ModelStore:
    """The same store without anything that was laid out for this machine."""
    return ModelStore(store.root, host_root=store.root / "nothing-laid-out")


def measure(store: ModelStore) -> dict[str, Any]:
    """Memory and speed of two processes that open all models, shared and not.

    Args:
        store: prepared for this machine.

    Returns:
        "models": for each model, and "all" for all together: private bytes and proportional set size that
        it adds to a process, seconds to open it, and the median processor seconds of a run (of "all" their
        sum), each "shared" and "unshared"; "lower": by how much the private bytes are lower, 0 to 1;
        "speed_ratio": the run unshared by the run shared, above 1 if shared is faster.
        "process": the bytes of a whole process with all models, Python and its libraries included.

    Raises:
        ModelError: the store is not prepared.
        RuntimeError: a process ends or hangs.
    """
    names = models_of(store)
    files = {
        "shared": {name: store.prepared(name) for name in names},
        "unshared": {name: plain(store).prepared(name) for name in names},
    }
    models = {name: _compared(files, [name]) for name in names}
    whole = _compared(files, names)
    process = whole.pop("process")
    return {"models": models | {"all": whole}, "process": process}


def _compared(files: dict[str, dict[str, Path]], names: Sequence[str]) -> dict[str, Any]:
    """Open these models in two processes of each kind, and run them in turns."""
    found: dict[str, Any] = {"process": {}}
    with _pair({name: files["shared"][name] for name in names}) as shared:
        with _pair({name: files["unshared"][name] for name in names}) as unshared:
            pairs = {"shared": shared, "unshared": unshared}
            times = {kind: dict.fromkeys(names, 0.0) for kind in pairs}
            for kind, pair in pairs.items():
                open_s = [process.ask("open", name) for process in pair for name in names]
                found[kind] = {"open_s": sum(open_s) / len(pair)}
            for name in names:
                runs: dict[str, list[float]] = {kind: [] for kind in pairs}
                for number in range(_ROUNDS):
                    for kind, pair in pairs.items():
                        # The first rounds make both processes of a pair touch their memory.
                        runs[kind] += pair[number % 2].ask("run", name, _RUNS)
                for kind in pairs:
                    times[kind][name] = statistics.median(runs[kind])
            for kind, pair in pairs.items():
                added = [process.memory().less(process.bare) for process in pair]
                found[kind] |= _mean(added)
                found["process"][kind] = _mean([process.memory() for process in pair])
                found[kind]["run_s"] = sum(times[kind].values())
    found["lower"] = _lower(found)
    found["process"]["lower"] = _lower(found["process"])
    found["speed_ratio"] = found["unshared"]["run_s"] / found["shared"]["run_s"]
    return found


def _mean(memories: Sequence[Memory]) -> dict[str, float]:
    return {
        "private_bytes": statistics.mean(each.private for each in memories),
        "proportional_bytes": statistics.mean(each.proportional for each in memories),
    }


def _lower(found: dict[str, Any]) -> float:
    return 1 - float(found["shared"]["private_bytes"] / found["unshared"]["private_bytes"])
