"""`sotto run`: the assistant in this process; the gateway, and the connector to a hub, beside it."""

from __future__ import annotations

import argparse
import logging
import subprocess
import sys

from common.paths import config_dir
from common.settings_file import is_there
from services.assistantd.main import run_here
from services.cli.first_use import ensure_models

log = logging.getLogger(__name__)

_STOP_S = 10.0


def run(options: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT; gateway and connector end with the assistant.

    A gateway that cannot start (its port is taken) says so and leaves the assistant without a network side.
    """
    ensure_models()
    beside = []
    if not options.no_gateway:
        beside.append(subprocess.Popen([sys.executable, "-m", "services.gatewayd.main"]))
    settings = (options.config.parent if options.config else config_dir()) / "connector.toml"
    if is_there(settings):
        command = [sys.executable, "-m", "services.connectord.main", "--config", str(settings)]
        beside.append(subprocess.Popen(command))
    try:
        return run_here(options)
    finally:
        for process in beside:
            process.terminate()
        for process in beside:
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
