"""The gRPC server on a Unix socket that only its owner can open."""

from __future__ import annotations

import logging
import os
import socket
import stat
from concurrent import futures
from pathlib import Path

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from assistant.assistant import Assistant
from assistant.errors import Conflict, StorageError
from services.assistantd.announce import Announcer
from services.assistantd.service import (
    MAX_ANNOUNCEMENTS,
    MAX_CONVERSATIONS,
    MAX_WATCHERS,
    AssistantService,
)
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import assistant_pb2_grpc as rpc

log = logging.getLogger(__name__)

SERVICE = pb.DESCRIPTOR.services_by_name["Assistant"].full_name
#: Largest message taken: thirty seconds of 48 kHz float WAV, and some.
MAX_MESSAGE_BYTES = 8 * 1024 * 1024
#: Threads kept for calls that end soon, so that long ones cannot starve them.
_SHORT_CALLS = 8


class Server:
    """Serves an assistant until stopped.

    Args:
        assistant: what is served.
        announcer: who speaks in the room.
        path: the socket; its folder is made with rights for the owner alone.

    Raises:
        Conflict: another server answers on that socket.
        StorageError: the socket cannot be made.
    """

    def __init__(self, assistant: Assistant, announcer: Announcer, path: Path) -> None:
        self._path = path
        _make_room(path)
        self._health = health.HealthServicer()
        self._server = grpc.server(
            futures.ThreadPoolExecutor(
                MAX_CONVERSATIONS + MAX_WATCHERS + MAX_ANNOUNCEMENTS + _SHORT_CALLS, "grpc"
            ),
            options=[
                ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
                ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
            ],
        )
        rpc.add_AssistantServicer_to_server(AssistantService(assistant, announcer), self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        names = (SERVICE, health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, self._server)
        # The socket must never exist with wider rights, not even for a moment.
        mask = os.umask(socket_umask(path.parent.stat().st_mode))
        try:
            if not self._server.add_insecure_port(f"unix:{path}"):
                raise RuntimeError("no port")
        except RuntimeError as error:
            raise StorageError(
                f"the socket {path} cannot be made: {error}",
                hint="check the rights of its folder, or set SOTTO_SOCKET to another path",
                code="daemon.socket",
            ) from error
        finally:
            os.umask(mask)

    def start(self) -> None:
        """Begin to serve and say so in the health service."""
        self._server.start()
        for name in ("", SERVICE):
            self._health.set(name, health_pb2.HealthCheckResponse.SERVING)

    def stop(self, grace_s: float) -> None:
        """Refuse new calls, give running ones `grace_s` seconds, remove the socket."""
        self._health.enter_graceful_shutdown()
        self._server.stop(grace_s).wait(grace_s + 1)
        self._path.unlink(missing_ok=True)


def socket_umask(folder_mode: int) -> int:
    """Who may call is told by the folder: its group, if it lets that in and nobody else, or its owner alone.

    On the device the folder lets in group sotto.
    """
    return 0o117 if folder_mode & 0o017 == 0o010 else 0o177


def _make_room(path: Path) -> None:
    """A folder of ours alone, and no stale socket in it."""
    folder = path.parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
    except OSError as error:
        raise StorageError(
            f"the folder {folder} cannot be used: {error.strerror}",
            hint="set SOTTO_SOCKET to a path in a folder of your own",
            code="daemon.socket",
        ) from error
    if status.st_uid != os.getuid():
        raise StorageError(
            f"the folder {folder} belongs to somebody else (user {status.st_uid})",
            hint="set SOTTO_SOCKET to a path in a folder of your own",
            code="daemon.socket",
        )
    if status.st_mode & 0o022:
        raise StorageError(
            f"others may write in the folder {folder}",
            hint=f"chmod 700 {folder}, or set SOTTO_SOCKET to a path in a folder of your own",
            code="daemon.socket",
        )
    if not path.exists():
        return
    if not stat.S_ISSOCK(path.stat().st_mode):
        raise StorageError(
            f"{path} is there and is no socket",
            hint="remove it, or set SOTTO_SOCKET to another path",
            code="daemon.socket",
        )
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            path.unlink()  # left behind by a daemon that was killed
            return
    raise Conflict(
        f"another assistant answers on {path}",
        hint="stop it first, or set SOTTO_SOCKET to run a second one",
        code="daemon.running",
    )
