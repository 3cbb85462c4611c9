"""`sotto run` and `sotto serve`: the assistant in this process, and the daemons with a network beside it."""

from __future__ import annotations

import argparse
import logging
import subprocess
import sys
import threading
from pathlib import Path
from time import monotonic, sleep

from common.errors import SottoError
from common.paths import config_dir, gateway_socket
from common.settings_file import is_there
from services.assistantd.main import run_here
from services.cli.first_use import ensure_models
from services.cli.pair import pairing_info
from services.settings.gateway import GatewaySettings, load_usable_gateway_settings

log = logging.getLogger(__name__)

_STOP_S = 10.0
#: Seconds in which the gateway is waited for, to say how to pair.
_GATEWAY_S = 60.0
#: Boxes that `sotto serve` recognises for, if the settings do not say.
BOXES = 8


def run(options: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT; what was started beside the assistant ends with it.

    A gateway that cannot start (its port is taken) says so and leaves the assistant without a network side.
    """
    ensure_models()
    beside = [] if options.no_gateway else ["services.gatewayd.main"]
    return _run(options, beside)


def serve(options: argparse.Namespace) -> int:
    """As `run`, without a microphone, and recognising for other boxes; says how to pair one."""
    ensure_models()
    options.no_microphone = options.no_selftest = True
    options.lend = BOXES
    listen = ["--listen", options.listen] if options.listen else []
    threading.Thread(target=_say_how_to_pair, args=(options.listen,), daemon=True).start()
    return _run(options, ["services.gatewayd.main", *listen])


def _run(options: argparse.Namespace, gateway: list[str]) -> int:
    folder: Path = options.config.parent if options.config else config_dir()
    commands = [gateway] if gateway else []
    for file, module in (
        ("connector.toml", "services.connectord.main"),
        ("remote.toml", "services.remoted.main"),
    ):
        if is_there(folder / file):
            commands.append([module, "--config", str(folder / file)])
    beside = [subprocess.Popen([sys.executable, "-m", *command]) for command in commands]
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


def _say_how_to_pair(listen: str) -> None:
    """Wait for the gateway, and print what is to be done on the other box."""
    give_up = monotonic() + _GATEWAY_S
    while monotonic() < give_up:
        sleep(0.2)
        if not gateway_socket().exists():
            continue
        try:
            info = pairing_info()
        except (SottoError, OSError):
            continue
        port = load_usable_gateway_settings()[0].grpc_port
        if not port:
            print("sotto: other boxes need gRPC; gateway.toml has grpc_port = 0", flush=True)
            return
        hosts = [listen] if listen else [_host(address) for address in info["addresses"]]
        usual = port == GatewaySettings.grpc_port
        code: str = info["code"]
        print("sotto: a box that is to have its speech recognised here needs, once:", flush=True)
        for host in hosts:
            print(f"         sotto remote pair {host if usual else f'{host}:{port}'}", flush=True)
        print(f"       and the pairing code {code[:4]} {code[4:]}", flush=True)
        return
    log.warning("the gateway does not answer; `sotto pair` shows the pairing code once it does")


def _host(url: str) -> str:
    """The host of an address such as "https://192.0.2.7:8443", as it stands there."""
    return url.removeprefix("https://").rpartition(":")[0]
