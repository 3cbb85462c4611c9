"""An assistant whose part a test plays, in the event loop of the test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc

from services.proto.sotto.v1 import assistant_pb2_grpc as rpc


@asynccontextmanager
async def played(assistant: rpc.AssistantServicer, socket: Path) -> AsyncIterator[None]:
    """It answers on `socket` while the context lasts."""
    server = grpc.aio.server()
    rpc.add_AssistantServicer_to_server(assistant, server)
    server.add_insecure_port(f"unix:{socket}")
    await server.start()
    try:
        yield
    finally:
        await server.stop(None)
