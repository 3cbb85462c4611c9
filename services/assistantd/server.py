"""The gRPC server of the assistant, on a Unix socket."""

from __future__ import annotations

import logging
import os
from concurrent import futures
from pathlib import Path

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from assistant.assistant import Assistant
from common.errors import StorageError
from services.assistantd.announce import Announcer
from services.assistantd.metric_reports import MetricReports
from services.assistantd.recognise import RecogniserService
from services.assistantd.remote_link import RemoteRecogniserService
from services.assistantd.service import MAX_ANNOUNCEMENTS, MAX_RECORDINGS, MAX_SATELLITES, AssistantService
from services.daemon.socket import prepare_socket_path, socket_umask
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import assistant_pb2_grpc as rpc
from services.proto.sotto.v1 import recogniser_pb2, recogniser_pb2_grpc
from services.wire.limits import MAX_CONVERSATIONS, MAX_WATCHERS, MESSAGE_OPTIONS

log = logging.getLogger(__name__)

SERVICE = pb.DESCRIPTOR.services_by_name["Assistant"].full_name
RECOGNISER = recogniser_pb2.DESCRIPTOR.services_by_name["Recogniser"].full_name
#: Threads kept for calls that end soon, so that long ones cannot starve them.
_SHORT_CALLS = 8
#: The connector to a hub stays as long as it runs, and so does the connection to a remote recogniser.
_CONNECTORS = 2


class Server:
    """Serves an assistant until stopped.

    Args:
        assistant: what is served.
        announcer: plays announcements in the room.
        reports: metrics of all daemons.
        path: the socket; a new folder for it gets rights for the owner alone.

    Raises:
        Conflict: another server answers on that socket.
        StorageError: the socket cannot be made.
    """

    def __init__(
        self, assistant: Assistant, announcer: Announcer, reports: MetricReports, path: Path
    ) -> None:
        self._path = path
        prepare_socket_path(path)
        self._health = health.HealthServicer()
        self._server = grpc.server(
            futures.ThreadPoolExecutor(
                MAX_CONVERSATIONS
                + MAX_WATCHERS
                + MAX_RECORDINGS
                + MAX_ANNOUNCEMENTS
                + MAX_SATELLITES
                + _CONNECTORS
                + assistant.settings.lend.boxes
                + _SHORT_CALLS,
                "grpc",
            ),
            options=MESSAGE_OPTIONS,
        )
        rpc.add_AssistantServicer_to_server(AssistantService(assistant, announcer, reports), self._server)
        recogniser_pb2_grpc.add_RecogniserServicer_to_server(
            RecogniserService(assistant.lender), self._server
        )
        recogniser_pb2_grpc.add_RemoteRecogniserServicer_to_server(
            RemoteRecogniserService(assistant.remote), self._server
        )
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        names = (SERVICE, RECOGNISER, health.SERVICE_NAME, reflection.SERVICE_NAME)
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
