"""The daemons of one box, kept running as systemd does it: who ends is started again two seconds later."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil

from tests.conftest import REPOSITORY
from tests.soak.verdict import Sample

#: `RestartSec=` of the units.
RESTART_S = 2.0
#: Seconds a daemon has for ending when it is told to.
_END_S = 30.0


class Keeper:
    """Starts daemons, and starts them again.

    Args:
        folder: for their logs.
        environments: name of the daemon -> its environment; `services.NAME.main` is started with it.
        answers: name -> whether it serves now; raises nothing.
    """

    def __init__(
        self,
        folder: Path,
        environments: Mapping[str, Mapping[str, str]],
        answers: Mapping[str, Callable[[], bool]],
    ) -> None:
        self._folder = folder
        self._environments = {name: dict(environment) for name, environment in environments.items()}
        self._answers = dict(answers)
        self._lock = threading.Lock()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        #: When each was found dead, until it answers again.
        self._down: dict[str, float] = {}
        #: Ends that nobody asked for: (name, exit status), and (name, seconds) of each way back.
        self.unasked: list[tuple[str, int]] = []
        self.back: list[tuple[str, float]] = []
        self._killed: set[int] = set()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="keeper", daemon=True)

    def start(self) -> None:
        """Start all of them, and wait until each answers."""
        for name in self._environments:
            self._start(name)
            deadline = time.monotonic() + 120
            while not self._answers[name]():
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{name} does not answer; see {self._folder / name}.log")
                time.sleep(0.2)
        self._thread.start()

    def kill(self, name: str) -> None:
        """kill -9, as the kernel's out-of-memory killer would."""
        with self._lock:
            process = self._processes[name]
            self._killed.add(process.pid)
        process.send_signal(signal.SIGKILL)

    def all_up(self) -> bool:
        """Whether every daemon is there and answers."""
        with self._lock:
            return not self._down and all(process.poll() is None for process in self._processes.values())

    def sample(self, at: float) -> list[Sample]:
        """A look at each daemon that is there, `at` seconds after the beginning."""
        with self._lock:
            pids = {name: process.pid for name, process in self._processes.items()}
        found = []
        for name, pid in pids.items():
            try:
                process = psutil.Process(pid)
                with process.oneshot():
                    rss = process.memory_info().rss / 1e6
                    found.append(Sample(at, name, pid, rss, process.num_fds(), process.num_threads()))
            except psutil.Error:
                continue
        return found

    def stop(self) -> dict[str, int]:
        """SIGTERM to each, the last started first; their exit statuses."""
        self._ending.set()
        self._thread.join(30)
        statuses = {}
        for name in reversed(self._environments):
            process = self._processes[name]
            process.send_signal(signal.SIGTERM)
            try:
                statuses[name] = process.wait(_END_S)
            except subprocess.TimeoutExpired:
                process.kill()
                statuses[name] = process.wait()
        return statuses

    def _start(self, name: str) -> None:
        with (self._folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", f"services.{name}.main"],
                env=self._environments[name],
                cwd=REPOSITORY,
                stdout=log,
                stderr=log,
            )
        with self._lock:
            self._processes[name] = process

    def _keep(self) -> None:
        while not self._ending.wait(0.2):
            for name in self._environments:
                status = self._processes[name].poll()
                if status is not None and not self._ending.wait(RESTART_S):
                    self._note_end(name, status)
                    self._start(name)
                elif name in self._down and self._answers[name]():
                    with self._lock:
                        self.back.append((name, time.monotonic() - self._down.pop(name)))

    def _note_end(self, name: str, status: int) -> None:
        pid = self._processes[name].pid
        with self._lock:
            self._down.setdefault(name, time.monotonic() - RESTART_S)
            if pid not in self._killed:
                self.unasked.append((name, status))


def listens(port: int) -> bool:
    """Whether somebody takes connections on a port of loopback."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError:
        return False
    return True
