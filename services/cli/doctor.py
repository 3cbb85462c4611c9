"""`sotto doctor`: what is wrong with files and state, what to do about it, what the box does meanwhile."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from assistant.home.config import load_usable_home
from assistant.home.model import Home
from assistant.home.names import home_names
from assistant.settings import Settings, load_usable_settings
from assistant.understanding.builder import GrammarBuilder
from assistant.understanding.sentences import SentenceSource
from common.errors import ErrorKind, SottoError
from common.faults import Fault, bounded
from common.paths import POWER_PROFILES, config_dir
from common.settings_file import is_there
from power.profiles.load import load_usable
from services.client.choice import running_daemon
from services.hubs.load import load_usable_connector_settings, read_secret, settings_file
from services.settings.gateway import load_usable_gateway_settings
from services.wire.faults import fault_from_wire

_Check = tuple[Path, Callable[[], Iterable[Fault]]]


def doctor(options: argparse.Namespace) -> int:
    """Print all faults; the exit status is 0 if there are none.

    The files are read here, so that it works without a daemon, and a mended file shows at once. What the
    running assistant reports besides is what a daemon found at its start, or in the state.
    """
    reported, silence = _reported()
    faults, hidden = check_files(options.config, trust_daemon=reported is not None)
    known = {(fault.code, fault.message) for fault in faults}
    others = [fault for fault in reported or () if (fault.code, fault.message) not in known]
    if options.json:
        rows = [{**asdict(fault), "in_file_now": fault in faults} for fault in (*faults, *others)]
        print(json.dumps({"faults": rows, "assistant_answers": reported is not None}, ensure_ascii=False))
    else:
        print("\n".join(_text(faults, others, hidden, silence)))
    return int(ErrorKind.INVALID.value) if faults or others else 0


def _reported() -> tuple[tuple[Fault, ...] | None, str]:
    """The faults that the running assistant knows, None without one, and why there is none."""
    try:
        daemon = running_daemon()
        if daemon is None:
            return None, "no assistant is running; the files were read here"
        with daemon:
            return tuple(map(fault_from_wire, daemon.box_status().faults)), ""
    except SottoError as error:
        return None, f"{error.message}; the files were read here"


def check_files(config: Path | None, *, trust_daemon: bool) -> tuple[Sequence[Fault], Sequence[Path]]:
    """What is wrong with the files as they are now.

    Args:
        config: settings of the assistant; None for those in the settings folder.
        trust_daemon: leave files out that this user may not read: the daemons report what is in them.

    Returns:
        The faults, and the files that were left out.
    """
    faults: list[Fault] = []
    hidden: list[Path] = []

    def run(file: Path, check: Callable[[], Iterable[Fault]]) -> None:
        if trust_daemon and is_there(file) and not os.access(file, os.R_OK):
            hidden.append(file)
        else:
            # As a daemon reports them.
            faults.extend(map(bounded, check()))

    settings: list[Settings] = []

    def of_settings() -> Iterable[Fault]:
        found, wrong = load_usable_settings(config)
        settings.append(found)
        return wrong

    run(config or config_dir() / "assistant.toml", of_settings)
    home = settings[0].home if settings and not settings[0].hub else None
    checks: list[_Check] = [(home, lambda: load_usable_home(home)[1])] if home is not None else []
    if settings:
        checks += [(folder, lambda: _of_sentences(settings[0])) for folder in settings[0].sentences[:1]]
    checks += [
        (config_dir() / "gateway.toml", lambda: load_usable_gateway_settings()[1]),
        (settings_file(), _of_connector),
        (POWER_PROFILES, lambda: load_usable(POWER_PROFILES)[1]),
    ]
    for file, check in checks:
        run(file, check)
    return faults, hidden


def _of_sentences(settings: Settings) -> Iterable[Fault]:
    """Faults of the sentence files, but for intents that nothing answers: only the assistant knows those."""
    home = load_usable_home(settings.home)[0] if settings.home and not settings.hub else Home()
    source = SentenceSource(settings.language, settings.builtin_sentences, settings.sentences, None)
    return GrammarBuilder(source).build(home_names(home)).faults


def _of_connector() -> Iterable[Fault]:
    if not is_there(settings_file()):
        return ()
    settings, faults = load_usable_connector_settings()
    secret = settings.secret_file if settings is not None else None
    # That of a box may be its connector's alone.
    if secret is None or (is_there(secret) and not os.access(secret, os.R_OK)):
        return faults
    try:
        read_secret(secret)
    except SottoError as error:
        return (*faults, Fault.of(error, "No hub is connected.", settings_file().name))
    return faults


def _text(
    faults: Sequence[Fault], others: Sequence[Fault], hidden: Sequence[Path], silence: str
) -> list[str]:
    lines = [line for fault in faults for line in _lines(fault)]
    if others:
        lines.append("the running assistant reports besides (a mended file is read at the next start):")
        lines += [line for fault in others for line in _lines(fault)]
    lines += [f"{file} may not be read by you; its daemon reports what is wrong with it" for file in hidden]
    if silence:
        lines.append(silence)
    return lines if faults or others else [*lines, "all is well"]


def _lines(fault: Fault) -> list[str]:
    lines = [f"{fault.message} [{fault.code}]"]
    lines += [f"    to do: {fault.hint}"] if fault.hint else []
    lines += [f"    until then: {fault.effect}"] if fault.effect else []
    return lines
