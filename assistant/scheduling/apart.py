"""Measures in a process of its own: `python -m assistant.scheduling.apart STATE MODELS HOST_MODELS`.

An engine that is only tried may crash or hang, and its libraries take memory that a process never gives back.
The process is killed when somebody speaks, so that the next word finds an idle machine; what was measured by
then is in the file.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Event

from assistant.models.store import ModelStore
from assistant.scheduling.figure_file import FigureFile
from assistant.scheduling.here import candidates_here, machine_here
from assistant.scheduling.machine import machine_key
from assistant.scheduling.measure import Measurer
from assistant.scheduling.quiet import Standing
from assistant.scheduling.tuning import Tuning
from assistant.serving.serving import Serving
from common.errors import ErrorKind, SottoError

log = logging.getLogger(__name__)

#: Seconds that it may take; TensorRT builds each model at first, which takes minutes.
LIMIT_S = 2 * 3600.0
#: Seconds between looks at the process; being given up is noticed at once.
_LOOK_S = 0.2


def measure_apart(state: Path, store: ModelStore, given_up: Event) -> Standing:
    """Measure what has no figures, in another process, until it is done or given up.

    Args:
        state: the state folder.
        store: the models.
        given_up: set when the measurement is not wanted any more.

    Returns:
        How it ended; why it failed is in the log.
    """
    module = "assistant.scheduling.apart"
    command = [sys.executable, "-m", module, str(state), str(store.root), str(store.host_root)]
    try:
        # A session of its own: what it starts is killed with it.
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
        )
    except OSError as error:
        log.warning("nothing is measured: no process can be started: %s", error.strerror)
        return Standing.FAILED
    return _watched(process, given_up, time.monotonic() + LIMIT_S)


def _watched(process: subprocess.Popen[bytes], given_up: Event, end: float) -> Standing:
    """Wait for the end of the process, and kill it if it is given up or takes too long."""
    try:
        while process.poll() is None:
            if given_up.wait(_LOOK_S):
                return Standing.INTERRUPTED
            if time.monotonic() >= end:
                log.warning("measuring has not ended within %g s, and was given up", LIMIT_S)
                return Standing.FAILED
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        # A process inside a driver that does not answer cannot be ended. It is left behind, not waited for.
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1.0)
    return Standing.COMPLETE if process.returncode == 0 else Standing.FAILED


def main(arguments: Sequence[str]) -> int:
    """Measure what has no figures; the exit status is 0, or the kind of the error."""
    state, root, host_root = map(Path, arguments)
    serving = Serving(ModelStore(root, host_root))
    machine = machine_here(serving)
    tuning = Tuning(FigureFile(state, machine_key()))
    try:
        with tuning.exclusive():
            models = tuning.due(candidates_here(serving, machine), time.time())
            refused = tuning.run(models, Measurer())
            if refused is not None:
                raise refused
    except SottoError as error:
        print(f"sotto: nothing is measured: {error}", file=sys.stderr)
        return int(error.kind.value)
    except Exception as error:  # a library of an engine may raise anything
        print(f"sotto: measuring failed: {type(error).__name__}: {error}", file=sys.stderr)
        return int(ErrorKind.INTERNAL.value)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
