"""Notifies systemd of the state of a daemon: ready, stopping, alive."""

from __future__ import annotations

import contextlib
import os
import socket


def notify(message: str) -> None:
    """Send `message` (such as "READY=1") to the service manager; does nothing where there is none.

    The protocol is one datagram to the socket named by NOTIFY_SOCKET, see sd_notify(3).
    """
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        # A service manager that does not listen must not end the daemon.
        with contextlib.suppress(OSError):
            channel.sendto(message.encode(), address)
