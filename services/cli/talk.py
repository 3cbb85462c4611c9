"""`sotto listen | ask | say | announce | turns`: they differ in what goes in and where it comes out."""

from __future__ import annotations

import argparse
import datetime
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from assistant.audio.files import MAX_SECONDS, read_audio, wav_bytes, write_wav
from assistant.audio.format import VOICE_RATE, Samples
from assistant.turn.store import Turn
from common.errors import InvalidInput, SottoError
from services.cli.first_use import ensure_models
from services.client.backend import Backend, ListenOptions
from services.client.choice import open_backend, open_daemon, open_store
from services.wire.limits import MAX_ANNOUNCED_S

#: Longest file in s that is listened to as a stream.
MAX_STREAM_S = 300.0


def listen(options: argparse.Namespace) -> int:
    """Hear each file; a file that cannot be used is reported and the next one is heard."""
    status = 0
    # A whole file is one command, bounded by what the recogniser takes at once; a stream is bounded too.
    limit = MAX_STREAM_S if options.wake or options.realtime else MAX_SECONDS
    with _backend(options) as backend:
        for path in options.files:
            try:
                audio = read_audio(path, max_seconds=limit)
                heard = backend.listen(
                    audio,
                    ListenOptions(
                        label=_clean(path.name),
                        wake=options.wake,
                        realtime=options.realtime,
                        reply_audio=options.reply_dir is not None,
                    ),
                )
            except SottoError as error:
                where = "" if str(path) in error.message else f"{path}: "
                print(f"sotto: {where}{error.message} [{error.code}]", file=sys.stderr)
                print(f"       {error.hint}", file=sys.stderr)
                status = int(error.kind.value)
                continue
            for number, (turn, reply) in enumerate(heard):
                print(turn.to_line(_clean(str(path))) if options.json else _spoken(path, turn), flush=True)
                if options.reply_dir is not None and len(reply.samples):
                    suffix = f"-{number + 1}" if len(heard) > 1 else ""
                    write_wav(options.reply_dir / f"{path.stem}{suffix}.wav", reply.samples, reply.rate)
    return status


def ask(options: argparse.Namespace) -> int:
    """Ask in writing and print the answer."""
    with _backend(options) as backend:
        turn = backend.ask(_clean(" ".join(options.text)))
    print(turn.to_line(None) if options.json else turn.reply)
    return 0


def say(options: argparse.Namespace) -> int:
    """Speak a text into a WAV file."""
    with open_backend(options.config, before_local=ensure_models) as backend:
        rate, chunks = backend.say(_clean(" ".join(options.text)))
        samples = _joined(chunks)
    if not len(samples):
        raise InvalidInput("there is nothing to say", hint="give some words", code="say.empty")
    write_wav(options.out, samples, rate)
    print(f"{options.out}: {len(samples) / rate:.2f} s at {rate} Hz")
    return 0


def announce(options: argparse.Namespace) -> int:
    """Have the running assistant speak, or play a sound, in its room."""
    sound = b""
    if options.sound is not None:
        sound = wav_bytes(read_audio(options.sound, max_seconds=MAX_ANNOUNCED_S, rate=VOICE_RATE), VOICE_RATE)
    with open_daemon() as daemon:
        daemon.announce(_clean(" ".join(options.text)), sound=sound, chime=not options.no_chime)
    return 0


def turns(options: argparse.Namespace) -> int:
    """Print stored turns, newest first."""
    with open_store() as store:
        stored = store.turns(max(1, min(options.limit, 1000)))
    for turn in stored:
        if options.json:
            print(turn.to_line(turn.label or None))
        else:
            at = datetime.datetime.fromtimestamp(turn.time).strftime("%Y-%m-%d %H:%M:%S")
            print(f"{at}  {_summary(turn)}")
    if not stored and not options.json:
        print("nothing has been said yet")
    return 0


def _backend(options: argparse.Namespace) -> Backend:
    return open_backend(
        options.config,
        sentences=tuple(options.sentences),
        builtin=not options.no_builtin,
        before_local=ensure_models,
    )


def _clean(argument: str) -> str:
    """An argument as text; bytes that are no UTF-8 reach Python as lone surrogates."""
    return argument.encode("utf-8", "replace").decode("utf-8")


def _joined(chunks: Iterable[Samples]) -> Samples:
    parts = list(chunks)
    return np.concatenate(parts) if parts else np.zeros(0, np.int16)


def _spoken(path: Path, turn: Turn) -> str:
    return f"{path}: {_summary(turn)}"


def _summary(turn: Turn) -> str:
    if not turn.transcript and turn.intent is None and turn.reply:
        return f'said by itself: "{turn.reply}"'
    slots = " ".join(f"{name}={value}" for name, value in turn.slots.items())
    taken_as = f"{turn.intent} {slots}".strip() if turn.accepted else "not understood"
    return f'"{turn.transcript}" -> {taken_as} -> "{turn.reply}"'
