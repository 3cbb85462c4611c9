"""`sotto run`: the assistant in this process, and the gateway beside it."""

from __future__ import annotations

import argparse
import logging
import subprocess
import sys

from services.assistantd.main import run_here

log = logging.getLogger(__name__)

_STOP_S = 10.0


def run(options: argparse.Namespace) -> int:
    """Serve until told to stop; the gateway ends with the assistant.

    A gateway that cannot start (its port is taken) says so and leaves the assistant without a network side.
    """
    if options.no_gateway:
        return run_here(options)
    gateway = subprocess.Popen([sys.executable, "-m", "services.gatewayd.main"])
    try:
        return run_here(options)
    finally:
        gateway.terminate()
        try:
            gateway.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            gateway.kill()
            gateway.wait()
