"""Limits of the wire contract that more than one process keeps."""

from __future__ import annotations

#: Largest gRPC message in bytes, in both directions: 30 s of 48 kHz float WAV, and some.
MAX_MESSAGE_BYTES = 8 * 1024 * 1024
#: The same as options of a gRPC channel or server.
MESSAGE_OPTIONS = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
)
#: Conversations at once in assistantd, and streams of events; the gateway shares them out.
MAX_CONVERSATIONS = 16
MAX_WATCHERS = 16
#: Boxes at once whose speech assistantd can recognise; [lend] of assistant.toml says how many may be.
MAX_BOXES = 64
#: Longest sound of an announcement in s.
MAX_ANNOUNCED_S = 60.0
#: Seconds that a caller waits for `Announce`: assistantd waits 60 s for its turn and speaks for up to 120 s.
ANNOUNCE_S = 200.0
