"""sotto-provision: reads the set-up file at each boot, before there is a network, and applies it.

Runs as root, once, without a network. The box starts whatever the file says. Valid values are applied;
invalid ones keep the previous value. Each problem is written beside the file and to the journal, and is
handed to `sotto-greet`, which speaks it.
"""

from __future__ import annotations

import grp
import json
import logging
import pwd
import subprocess
import sys
from collections.abc import Sequence

from common.errors import ErrorKind, SottoError, TooLarge
from common.files import Owner, read_bounded, remove, write_whole
from common.programs import run
from common.state_file import load_json, save_json
from services.provision import words
from services.provision.apply import Device, Outcome, apply
from services.provision.config import Problem, Report, merge, read, read_table, to_table
from services.provision.keys import Setup
from services.provision.names import host_name
from services.provision.places import Places
from services.provision.submission import adopt
from services.provision.text_file import LIMIT_BYTES

log = logging.getLogger(__name__)

_PROGRAM_LIMIT_S = 30.0


def provision(places: Places, device: Device) -> Outcome:
    """Read, merge, apply, report. No content of the owner's file raises an error.

    Raises:
        SottoError: the state could not be stored.
    """
    for folder in (places.state, places.run, places.firewall, places.profiles, places.modprobe):
        folder.mkdir(parents=True, exist_ok=True)
    previous = load_previous(places)
    for failure in adopt(places, previous):
        log.warning("%s", failure)
    report = read_setup(places)
    setup = report.setup if report is not None else previous
    problems = report.problems if report is not None else ()
    if report is not None:
        setup = merge(previous, report)
    outcome = apply(setup, places, device)
    _report(setup, problems, outcome, places)
    # Last, and only on change: after a power cut before this line, the next boot repeats the work.
    if setup != previous or not places.previous.exists():
        save_json(places.previous, to_table(setup))
    return outcome


def load_previous(places: Places) -> Setup:
    """The set-up of the last boot; an empty one if it cannot be read."""
    table = load_json(places.previous)
    return merge(Setup(), read_table(table)) if isinstance(table, dict) else Setup()


def read_setup(places: Places) -> Report | None:
    """The content of the owner's file; None if there is no file."""
    try:
        data = read_bounded(places.setup_file, LIMIT_BYTES)
    except TooLarge:
        return read(bytes(LIMIT_BYTES + 1))
    except SottoError as error:
        problem = Problem("", "the set-up file cannot be read", error.message, error.hint)
        return Report(Setup(), (problem,), frozenset({"*"}))
    return read(data) if data is not None else None


def _report(setup: Setup, problems: Sequence[Problem], outcome: Outcome, places: Places) -> None:
    for problem in problems:
        log.warning("sotto.toml: %s. %s", problem.message, problem.hint)
    for remark in outcome.remarks:
        log.info("%s", remark)
    for failure in outcome.failures:
        log.error("%s", failure)
    said = {
        "name": setup.name,
        "host": host_name(setup.name),
        "problems": [problem.spoken for problem in problems],
    }
    write_whole(places.announce, (json.dumps(said, ensure_ascii=False, indent=1) + "\n").encode())
    text = words.written_problems(problems, outcome.remarks)
    try:
        if text:
            write_whole(places.problems_file, text.encode())
        else:
            remove(places.problems_file)
    except SottoError as error:
        # The card may be write-protected; the box speaks the problems all the same.
        log.warning("%s", error)


def _run(command: Sequence[str]) -> bool:
    try:
        done = run(command, _PROGRAM_LIMIT_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        log.info("%s: %s", command[0], error)
        return False
    if done.status:
        log.info("%s: %s", command[0], done.errors[:200].strip())
    return done.status == 0


def main() -> int:
    """Entry point; fails only where the box itself, not its owner's file, is at fault."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    try:
        sotto = Owner(pwd.getpwnam("sotto").pw_uid, grp.getgrnam("sotto").gr_gid)
        connector = Owner(pwd.getpwnam("sotto-connector").pw_uid, sotto.group)
        outcome = provision(Places(), Device(_run, sotto, connector))
    except KeyError as error:
        print(f"sotto-provision: {error}: the image lacks it", file=sys.stderr)
        return 1
    except SottoError as error:
        print(f"sotto-provision: {error}", file=sys.stderr)
        return int(error.kind.value)
    except OSError as error:
        print(f"sotto-provision: {error}: is the data partition there, and writable?", file=sys.stderr)
        return int(ErrorKind.STORAGE.value)
    return 1 if outcome.failures else 0


if __name__ == "__main__":
    sys.exit(main())
