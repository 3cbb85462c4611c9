"""The `sotto` command."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from common.errors import ErrorKind, SottoError, Unavailable
from services.cli.power import add_options as add_power_options
from services.cli.quantise import add_options as add_quantise_options

#: What measuring needs besides what the assistant runs on; neither is on the device.
_BENCH_NEEDS = ("matplotlib", "psutil")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sotto",
        description="A private voice assistant. Commands use the running assistant if there is one.",
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings (TOML)")
    parser.add_argument("-v", "--verbose", action="store_true", help="log what happens")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="start the assistant and its local API here, and listen")
    run.add_argument("--no-microphone", action="store_true", help="serve only")
    run.add_argument("--no-selftest", action="store_true", help="skip the voice self-test")
    run.add_argument("--no-gateway", action="store_true", help="do not listen on the network")
    run.set_defaults(lend=0)

    serve = commands.add_parser("serve", help="recognise, speak and understand for other boxes and programs")
    serve.add_argument("--listen", default="", metavar="ADDRESS", help="of this machine; without it all")

    listen = commands.add_parser("listen", help="hear audio files as commands")
    listen.add_argument("files", nargs="+", type=Path, metavar="FILE")
    _grammar_options(listen)
    listen.add_argument("--wake", action="store_true", help="wait for the wake word first")
    listen.add_argument("--realtime", action="store_true", help="feed audio at the pace of a microphone")
    listen.add_argument("--json", action="store_true", help="one JSON object a line")
    listen.add_argument("--reply-dir", type=Path, metavar="DIR", help="save replies as WAV files")

    ask = commands.add_parser("ask", help="ask in writing")
    ask.add_argument("text", nargs="+")
    _grammar_options(ask)
    ask.add_argument("--json", action="store_true", help="print the turn as JSON")

    understand = commands.add_parser("understand", help="what sentences would be taken for; nothing is done")
    understand.add_argument(
        "file", nargs="?", default="-", metavar="FILE", help="a sentence a line; - is stdin"
    )
    _grammar_options(understand)
    understand.add_argument("--json", action="store_true", help="one JSON object a line")

    say = commands.add_parser("say", help="speak a text into a WAV file")
    say.add_argument("text", nargs="+")
    say.add_argument("--out", type=Path, required=True, metavar="FILE.wav")

    announce = commands.add_parser("announce", help="have the running assistant say a text in its room")
    announce.add_argument("text", nargs="*")
    announce.add_argument(
        "--sound", type=Path, metavar="FILE", help="play a WAV, FLAC, Ogg or MP3 file instead"
    )
    announce.add_argument("--no-chime", action="store_true", help="without a chime first")

    turns = commands.add_parser("turns", help="what was heard and answered, newest first")
    turns.add_argument("-n", "--limit", type=int, default=10)
    turns.add_argument("--json", action="store_true", help="one JSON object a line")

    models = commands.add_parser("models", help="list, verify, fetch or prepare the models; their engines")
    model_actions = ("list", "verify", "fetch", "prepare", "engine")
    models.add_argument("action", choices=model_actions, nargs="?", default="list")
    models.add_argument("name", nargs="?", default="", help="engine: of the model")
    models.add_argument("engine", nargs="?", default="", help='engine: what it is to run on, or "auto"')
    models.add_argument("--json", action="store_true", help="engine: as one JSON object")
    models.add_argument("--force", action="store_true", help="prepare again what is prepared")
    models.add_argument("--optional", action="store_true", help="fetch optional models, too")
    models.add_argument("--portable", action="store_true", help="prepare: convert only, for an image")

    audio = commands.add_parser("audio", help="list sound devices, or test what they hear and play")
    audio.add_argument("action", choices=("list", "test"), nargs="?", default="list")
    audio.add_argument("--input", metavar="NAME", help="microphone to test")
    audio.add_argument("--output", metavar="NAME", help="loudspeaker to test")
    audio.add_argument("--seconds", type=float, default=3.0, help="how long to record (1 to 30)")

    home = commands.add_parser("home", help="where the devices come from, and how it stands with the hub")
    home.add_argument("action", choices=("status", "devices"), nargs="?", default="status")
    home.add_argument("--json", action="store_true", help="as one JSON object")

    doctor = commands.add_parser("doctor", help="what is wrong with your files, and what to do about it")
    doctor.add_argument("--json", action="store_true", help="as one JSON object")

    commands.add_parser("selftest", help="speak a known sentence and understand it")

    update = commands.add_parser("update", help="look for an update, install it, or go back")
    actions = ("check", "apply", "status", "rollback")
    update.add_argument("action", choices=actions, nargs="?", default="status")
    update.add_argument("--source", default="", metavar="DIR_OR_URL", help="instead of the one that is set")
    update.add_argument("--version", default="", metavar="VERSION", help="apply: this one, not the newest")
    update.add_argument("--reboot", action="store_true", help="apply, rollback: restart the box at the end")
    update.add_argument("--json", action="store_true", help="one JSON object a line")

    pair = commands.add_parser("pair", help="the pairing code, and how to pair something with the box")
    pair.add_argument("--json", action="store_true", help="as one JSON object")

    tokens = commands.add_parser("tokens", help="list what is paired, or revoke it")
    tokens.add_argument("action", choices=("list", "revoke"), nargs="?", default="list")
    tokens.add_argument("name", nargs="?", default="", help="revoke: whom")
    tokens.add_argument("--json", action="store_true", help="as JSON")

    hubs = commands.add_parser("hubs", help="list, add or remove hubs, which speak Wyoming with the box")
    hubs.add_argument("action", choices=("list", "add", "remove"), nargs="?", default="list")
    hubs.add_argument("address", nargs="?", default="", help="add, remove: IP address of the hub")
    hubs.add_argument("--json", action="store_true", help="as JSON")

    remote = commands.add_parser("remote", help="the machine that recognises speech for this box")
    remote.add_argument("action", choices=("show", "pair", "forget"), nargs="?", default="show")
    remote.add_argument("address", nargs="?", default="", help="pair: ADDRESS or ADDRESS:PORT of its gRPC")
    remote.add_argument("--name", default="", metavar="NAME", help="pair: what this box is called there")
    remote.add_argument("--out", type=Path, metavar="FILE", help="pair: write this file, for another box")
    remote.add_argument("--json", action="store_true", help="show: as one JSON object")

    network = commands.add_parser("network", help="what left this box, by purpose and by service")
    network.add_argument("--json", action="store_true", help="as one JSON object")

    add_power_options(commands.add_parser("power", help="clocks and cores: state, profile, why, simulation"))

    hardware = commands.add_parser("hardware", help="accelerators and CPU features: what is here and usable")
    hardware.add_argument("action", choices=("show", "watch", "report"), nargs="?", default="show")
    hardware.add_argument("--json", action="store_true", help="show, watch: as JSON objects")
    hardware.add_argument(
        "--out", type=Path, default=Path("sotto-hardware.toml"), metavar="FILE", help="report"
    )
    hardware.add_argument("--machine", default="", metavar="MODEL", help="report: if the firmware has none")

    add_quantise_options(commands.add_parser("quantise", help="smaller weights for a model, within a budget"))
    tune = commands.add_parser("tune", help="measure which device and engine is fastest for each model")
    tune.add_argument(
        "--model", action="append", default=[], metavar="NAME", help="only this one; repeatable"
    )
    tune.add_argument("--json", action="store_true", help="as one JSON object")
    tune.add_argument("--force", action="store_true", help="measure again what was measured")

    bench = commands.add_parser("bench", help="measure speed, memory and accuracy")
    whats = ("all", "latency", "accuracy", "memory", "understanding")
    bench.add_argument("what", choices=whats, nargs="?", default="all")
    bench.add_argument("--out", type=Path, default=Path("build/bench"), metavar="DIR")
    bench.add_argument("--quick", action="store_true", help="fewer repetitions")
    bench.add_argument(
        "--clips", type=Path, metavar="DIR", help="latency, accuracy: the folder of real speech"
    )
    bench.add_argument("--limit", type=int, metavar="N", help="latency, accuracy: use only so many clips")
    bench.add_argument("--text", type=Path, metavar="DIR", help="understanding: the folder of sentences")
    bench.add_argument("--turns", type=int, default=2000, metavar="N", help="memory: so many turns")
    return parser


def _grammar_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--sentences",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="add the sentences in this folder of hassil YAML files",
    )
    parser.add_argument("--no-builtin", action="store_true", help="leave the built-in sentences out")


def _dispatch(options: argparse.Namespace) -> int:
    # Imported when needed: `sotto models verify` must work where a sound library is missing, and
    # `sotto --help` should not load a model runtime.
    match options.command:
        case "run":
            from services.cli.run import run

            return run(options)
        case "serve":
            from services.cli.run import serve

            return serve(options)
        case "listen" | "ask" | "say" | "announce" | "turns":
            from services.cli import talk

            return int(getattr(talk, options.command)(options))
        case "models" if options.action == "engine":
            from services.cli.engines import models_engine

            return models_engine(options)
        case "understand":
            from services.cli.understand import understand

            return understand(options)
        case "models":
            from services.cli.models import models

            return models(options)
        case "audio":
            from services.cli.audio import audio

            return audio(options)
        case "home":
            from services.cli.home import home

            return home(options)
        case "doctor":
            from services.cli.doctor import doctor

            return doctor(options)
        case "selftest":
            from services.cli.selftest import selftest

            return selftest(options)
        case "update":
            from services.cli.update import update

            return update(options)
        case "pair" | "tokens" | "hubs":
            from services.cli import pair

            return int(getattr(pair, options.command)(options))
        case "remote":
            from services.cli.remote import remote

            return remote(options)
        case "network":
            from services.cli.network import network

            return network(options)
        case "power":
            from services.cli.power import power

            return power(options)
        case "hardware":
            from services.cli.hardware import hardware

            return hardware(options)
        case "quantise":
            from services.cli.quantise import quantise

            return quantise(options)
        case "tune":
            from services.cli.tune import tune

            return tune(options)
        case _:
            return _bench(options)


def _bench(options: argparse.Namespace) -> int:
    missing = [name for name in _BENCH_NEEDS if find_spec(name) is None]
    if missing:
        raise Unavailable(
            f"`sotto bench` needs {' and '.join(missing)}, which this installation does not have",
            hint="In a checkout run `make setup`; else install the package with its extra `bench`.",
            code="bench.incomplete",
        )
    from services.cli.first_use import ensure_models

    ensure_models()
    if options.what == "understanding":
        from services.cli.bench_understanding import bench_understanding

        return bench_understanding(options)
    if options.what != "all":
        from services.cli import bench_speech

        return int(getattr(bench_speech, f"bench_{options.what}")(options))
    from services.cli.bench import bench

    return bench(options)


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; the exit status is 0, or the kind of the error (see `common.errors`)."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(
        level=logging.INFO if options.verbose else logging.ERROR,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    try:
        return _dispatch(options)
    except SottoError as error:
        if sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr)  # a progress bar may stand there
        print(f"sotto: {error.message} [{error.code}]", file=sys.stderr)
        if error.hint:
            print(f"       {error.hint}", file=sys.stderr)
        return int(error.kind.value)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader (`head`, a pager) has enough; keep the interpreter from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(ErrorKind.INTERNAL.value)


if __name__ == "__main__":
    sys.exit(main())
