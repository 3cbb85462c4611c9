"""ACPI tables that let `amd-pstate-epp` govern in plain QEMU: processors described by CPPC (ACPI 6.5, 8.4.6).

Their registers lie in shared memory behind a mailbox (PCC, chapter 14): the kernel writes values there and
rings a doorbell, and whoever plays the platform says when it is done. Nobody plays the platform here. The
doorbell is the mailbox's own status word, and to ring it is to write "command complete" into it. So values
stay where they were written, and the monitor reads what the kernel asked the processor for.
"""

from __future__ import annotations

import struct

#: Processors, each of them a cluster of its own.
CORES = 2
#: Physical address of the mailbox, in memory that the kernel is told to keep out of.
BASE = 0x30000000
SIZE = 0x10000
#: Signature, command and status come first (ACPI 6.5, table 14.10), so the registers begin here.
_STATUS, _SPACE = 6, 8
_STRIDE = 0x20
_REGISTERS = ("desired", "lowest", "highest", "enable", "autonomous", "preference")
#: Performance on the scale of the processor, and MHz: the kernel reckons with 40 MHz a step.
_HIGHEST, _NOMINAL, _NONLINEAR, _LOWEST = 100, 60, 30, 10
_LOWEST_MHZ, NOMINAL_MHZ = 600, 2400
#: What the kernel writes for each preference (drivers/cpufreq/amd-pstate.c).
BYTES = {"performance": 0x00, "balance_performance": 0x80, "balance_power": 0xBF, "power": 0xFF}

_NONE = "ResourceTemplate () { Register (SystemMemory, 0, 0, 0, 0) }"


def address(core: int, register: str) -> int:
    """Where the monitor finds a register of a processor."""
    return BASE + _SPACE + _offset(core, register)


def presets() -> tuple[tuple[int, int, int], ...]:
    """Address, value and length of what has to be in memory at boot: the mailbox is free."""
    return ((BASE + _STATUS, 1, 2),)


def kernel_words() -> str:
    """For the kernel's command line."""
    return f"amd_pstate=active memmap={SIZE // 1024}K${BASE:#x}"


def ssdt() -> str:
    """The source of the table that describes the processors, for iasl."""
    cores = range(CORES)
    parts = ['DefinitionBlock ("", "SSDT", 2, "SOTTO", "CPPC", 1)\n{\n']
    parts += [f"  External (\\_SB.CPUS.C{core:03X}, DeviceObj)\n" for core in cores]
    # The kernel asks the platform whether it knows CPPC; whatever it asks for is granted.
    parts += ["  Scope (\\_SB) { Method (_OSC, 4) { Return (Arg3) } }\n", *map(_processor, cores), "}\n"]
    return "".join(parts)


def pcct() -> bytes:
    """The table that describes the mailbox, compiled: one subspace of type 0 (ACPI 6.5, 14.1.3)."""
    doorbell = struct.pack("<BBBBQ", 0, 16, 0, 2, BASE + _STATUS)  # system memory, 16 bits, by words
    preserved, written, latency_us, rate, turnaround_us = 0, 1, 1, 0, 0
    subspace = struct.pack("<BB6xQQ", 0, 62, BASE, 0x1000) + doorbell
    subspace += struct.pack("<QQIIH", preserved, written, latency_us, rate, turnaround_us)
    body = struct.pack("<I8x", 0) + subspace
    head = struct.pack("<4sIBB6s8sI4sI", b"PCCT", 36 + len(body), 1, 0, b"SOTTO", b"MAILBOX", 1, b"SOTT", 1)
    table = bytearray(head + body)
    table[9] = -sum(table) & 0xFF  # all bytes of a table add up to nothing
    return bytes(table)


def _offset(core: int, register: str) -> int:
    return core * _STRIDE + 4 * _REGISTERS.index(register)


def _processor(core: int) -> str:
    at = {
        name: f"ResourceTemplate () {{ Register (PCC, 32, 0, {_offset(core, name):#x}, 0) }}"
        for name in _REGISTERS
    }
    entries = [
        *map(str, (23, 3, _HIGHEST, _NOMINAL, _NONLINEAR, _LOWEST)),
        _NONE,  # guaranteed performance
        at["desired"],
        at["lowest"],
        at["highest"],
        *[_NONE] * 6,  # tolerance, window, the counters, limited
        at["enable"],
        at["autonomous"],
        _NONE,  # activity window
        at["preference"],
        *map(str, (_NOMINAL, _LOWEST_MHZ, NOMINAL_MHZ)),
    ]
    return f"""  Scope (\\_SB.CPUS.C{core:03X}) {{
    Name (_CPC, Package () {{ {", ".join(entries)} }})
    Name (_PSD, Package () {{ Package () {{ 5, 0, {core}, 0xFC, 1 }} }})
  }}
"""
