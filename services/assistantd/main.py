"""assistantd: owns microphone, speaker and models; serves gRPC on a Unix socket."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
import types
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import perf_counter

from assistant.assistant import Assistant
from assistant.models.prepare import prepare
from assistant.models.progress import print_line
from assistant.models.store import ModelStore
from assistant.selftest import print_report, voice_selftest
from assistant.settings import load_usable_settings
from common.errors import SottoError
from common.lock import StateLock
from common.paths import gateway_state, models_dir, pairing_code_path, socket_path, state_dir
from services.assistantd.event_metrics import count_events
from services.assistantd.fault_speech import FaultSpeech, count_faults, stored
from services.assistantd.memory import give_back_after_turns, tame_allocator
from services.assistantd.metric_reports import MetricReports
from services.assistantd.pairing_code import PairingCode
from services.assistantd.power import PhaseReporter
from services.assistantd.rings import RingLoop
from services.assistantd.room import Room
from services.assistantd.server import Server
from services.assistantd.tuning import quiet_tuner
from services.daemon.entry import failed, log_faults, parse_options
from services.daemon.notify import notify

log = logging.getLogger(__name__)

#: Seconds that running calls get when the daemon is told to stop.
GRACE_S = 3.0
#: Seconds between looks for changed sentence files.
WATCH_S = 1.0


def run_here(options: argparse.Namespace) -> int:
    """Start the assistant in this process, report, and serve until told to stop."""
    started = perf_counter()
    tame_allocator()
    os.umask(0o077)  # only the owner may read timers, turns and recordings
    stopping = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, _stopper(stopping))
    lock = StateLock(state_dir())
    try:
        prepare(ModelStore(models_dir()), print_line)
        settings, faults = load_usable_settings(options.config)
        if options.lend and not settings.lend.boxes:
            settings = replace(settings, lend=replace(settings.lend, boxes=options.lend))
        room = Room(settings, state_dir(), microphone=not options.no_microphone)
        code = PairingCode(pairing_code_path(gateway_state(state_dir())), room)
        assistant = Assistant(settings, models_dir(), state_dir(), room.volume, code.say)
        assistant.faults.report("settings", faults)
        log_faults(assistant.faults.all())
        reports = MetricReports()
        server = Server(assistant, room, reports, socket_path())
        conversation = room.open(assistant)
        rings = RingLoop(
            assistant.skills,
            assistant.dialogue,
            lambda text: conversation.say(text, chime=True),
            assistant.bus,
            assistant.clock,
        )
        give_back_after_turns(assistant.bus)
        count_events(assistant.bus)
        count_faults(assistant.faults)
        power = PhaseReporter(assistant.bus, reports.take_power, partial(assistant.faults.report, "powerd"))
        fault_speech = FaultSpeech(
            assistant.faults,
            assistant.tell_faults,
            stored(assistant.turns, room.say_in_turn),
            state_dir() / "told-faults.json",
        )
        server.start()
        rings.start()
        power.start()
        notify("READY=1")
        print(f"sotto: ready in {perf_counter() - started:.1f} s on {socket_path()}", flush=True)
        if not options.no_selftest:
            print_report(voice_selftest(assistant))
        room.start()
        fault_speech.start()
        print(f"sotto: {room.describe()}", flush=True)
        tuner = quiet_tuner(
            assistant.serving, assistant.bus, state_dir(), assistant.faults, enabled=settings.scheduling.tune
        )
        while not stopping.wait(WATCH_S):
            assistant.poll()
            tuner.poll()
        notify("STOPPING=1")
        print("sotto: stopping", flush=True)
        tuner.close()
        fault_speech.stop()
        rings.stop()
        power.stop()
        room.close()
        server.stop(GRACE_S)
        assistant.close()
    finally:
        lock.release()
    return 0


def _stopper(stopping: threading.Event) -> Callable[[int, types.FrameType | None], None]:
    def stop(_number: int, _frame: types.FrameType | None) -> None:
        stopping.set()

    return stop


def main() -> int:
    """Entry point of the daemon proper: no self-test, logs to standard error."""
    parser = argparse.ArgumentParser(prog="sotto-assistantd", description=__doc__)
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings (TOML)")
    parser.add_argument("--no-microphone", action="store_true", help="serve only")
    options = parse_options(parser)
    try:
        return run_here(argparse.Namespace(**vars(options), no_selftest=True, lend=0))
    except SottoError as error:
        return failed("sotto-assistantd", error)


if __name__ == "__main__":
    sys.exit(main())
