"""Kill this process at once if any code in it, native code too, opens an internet socket.

A seccomp filter is the only witness that sees what a C++ library does behind Python's back. It must be
installed before the first thread starts, so tests run their subject in a process of its own.
"""

from __future__ import annotations

import ctypes
import platform
import socket
import struct

_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2
_RET_ALLOW = 0x7FFF0000
_RET_KILL_PROCESS = 0x80000000
#: socket(2), from the kernel's tables (asm/unistd_64.h and asm-generic/unistd.h).
_SOCKET_CALL = {"x86_64": 41, "aarch64": 198}
# Classic BPF: load word, jump if equal, return (linux/bpf_common.h).
_LOAD, _JUMP_EQUAL, _RETURN = 0x20, 0x15, 0x06
# Offsets in struct seccomp_data (linux/seccomp.h): the call's number, its first argument.
_NUMBER, _DOMAIN = 0, 16


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def forbid_internet_sockets() -> None:
    """From now on socket(AF_INET or AF_INET6) ends the process with SIGSYS."""

    def step(code: int, yes: int, no: int, value: int) -> bytes:
        return struct.pack("HBBI", code, yes, no, value)

    steps = [
        step(_LOAD, 0, 0, _NUMBER),
        step(_JUMP_EQUAL, 0, 4, _SOCKET_CALL[platform.machine()]),
        step(_LOAD, 0, 0, _DOMAIN),
        step(_JUMP_EQUAL, 1, 0, socket.AF_INET),
        step(_JUMP_EQUAL, 0, 1, socket.AF_INET6),
        step(_RETURN, 0, 0, _RET_KILL_PROCESS),
        step(_RETURN, 0, 0, _RET_ALLOW),
    ]
    code = ctypes.create_string_buffer(b"".join(steps))
    program = _Program(len(steps), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    for call in (
        (_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0),
    ):
        if libc.prctl(*call) != 0:
            raise OSError(ctypes.get_errno(), "seccomp cannot be used here")
