"""A USB stick was plugged in: if an update lies on it, have it installed, and say what came of it.

A person who can plug a stick in can also take the card out. The signature protects the box; updated checks it
as for any other source. The box is not restarted: the owner does that when it suits.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import grpc

from common.errors import SottoError
from services.proto.sotto.v1 import update_pb2 as pb
from services.proto.sotto.v1 import update_pb2_grpc as rpc
from services.updated.announce import announce
from services.updated.places import Places
from services.updated.source import update_folder
from services.wire.status import from_rpc

#: The loudspeaker may be busy, or not there yet.
_TRIES, _PAUSE_S = 3, 15.0


def install_from(folder: Path, socket: Path) -> str:
    """Install what lies in `folder` of a stick; returns what to say, "" if there is nothing to say.

    Args:
        folder: where the stick is mounted.
        socket: of updated.
    """
    try:
        update_folder(str(folder))
    except SottoError:
        return ""  # a stick with music is no mistake
    with grpc.insecure_channel(f"unix:{socket}") as channel:
        last = pb.ApplyProgress()
        try:
            for step in rpc.UpdateStub(channel).Apply(
                pb.ApplyRequest(source=str(folder)), wait_for_ready=True
            ):
                if step.text != last.text:
                    print(f"sotto-stick: {step.text}", flush=True)
                last = step
        except grpc.RpcError as error:
            problem = from_rpc(error)
            print(f"sotto-stick: {problem}", file=sys.stderr)
            return f"The update on the stick was not installed: {problem.message}."
    if last.stage != "staged":
        return ""  # the version that runs, an older one, or one that failed before
    return f"Version {last.version} is installed from the stick. Switch me off and on to try it."


def say(text: str, speak: Callable[[str], bool], wait: Callable[[float], None] = time.sleep) -> bool:
    """Whether `text` was said, after a few tries."""
    for left in reversed(range(_TRIES)):
        if speak(text):
            return True
        if left:
            wait(_PAUSE_S)
    return False


def main() -> int:
    """Entry point of sotto-stick@.service."""
    parser = argparse.ArgumentParser(prog="sotto-stick", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the stick is mounted")
    parser.add_argument("--root", type=Path, default=Path("/"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    places = Places(options.root)
    text = install_from(options.folder, places.socket)
    if text and not say(text, lambda words: announce(places.assistant_socket, words)):
        print(f"sotto-stick: not said: {text}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
