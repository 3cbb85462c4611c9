"""remoted: connects to the machine that recognises speech for this box; the assistant has no network."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

from common.errors import NotFound, SottoError
from common.faults import Fault, Faults
from common.paths import socket_path
from common.settings_file import is_there
from services.daemon.entry import failed, log_faults, parse_options
from services.daemon.metrics_report import MetricsReporter
from services.daemon.notify import notify
from services.remoted.bridge import Bridge
from services.remoted.connection import Ending
from services.settings.remote import load_remote_server, remote_file

#: Seconds between two looks whether the settings have changed.
_LOOK_S = 2.0


async def serve(file: Path, assistant: Path) -> None:
    """Follow the other machine until SIGTERM or SIGINT; follow changes of the settings.

    Args:
        file: remote.toml.
        assistant: socket of assistantd; it may appear later.
    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    faults = Faults()
    reporter = MetricsReporter("remoted", assistant, faults)
    reporter.start()
    notify("READY=1")
    while not stopping.is_set():
        stamp = _stamp(file)
        task = asyncio.create_task(_bridge(file, assistant, faults).run())
        try:
            while not stopping.is_set() and _stamp(file) == stamp:
                waiting = asyncio.create_task(stopping.wait())
                done, _ = await asyncio.wait(
                    (task, waiting), timeout=_LOOK_S, return_when=asyncio.FIRST_COMPLETED
                )
                waiting.cancel()
                if task in done:
                    task.result()  # it never ends by itself; its error is raised here
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    notify("STOPPING=1")
    await asyncio.to_thread(reporter.stop)


def _bridge(file: Path, assistant: Path, faults: Faults) -> Bridge:
    """A bridge to the machine of the settings; what is wrong with them is reported to `faults`."""
    try:
        server = load_remote_server(file)
    except SottoError as error:
        found = (Fault.of(error, "The box recognises by itself.", file.name),)
        faults.report("remote", found if is_there(file) else ())
        log_faults(found)
        # The daemon reports it as a fault already.
        return Bridge(assistant, None, Ending(error.message, error.code, error.hint))
    faults.report("remote", ())
    return Bridge(assistant, server)


def _stamp(file: Path) -> tuple[int, int]:
    try:
        status = file.stat()
    except OSError:
        return 0, -1
    return status.st_mtime_ns, status.st_mode


def main() -> int:
    """Entry point; ends with the kind of the error, see `common.errors`."""
    parser = argparse.ArgumentParser(prog="sotto-remoted", description=__doc__)
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings (remote.toml)")
    options = parse_options(parser)
    os.umask(0o077)
    file = options.config or remote_file()
    if not is_there(file):
        error = NotFound(f"there is no {file}", hint="`sotto remote pair ADDRESS`", code="remote.missing")
        return failed("sotto-remoted", error)
    asyncio.run(serve(file, socket_path()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
