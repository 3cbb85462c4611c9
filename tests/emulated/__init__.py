"""Tests on a real kernel in QEMU under emulation, asserted from outside through its monitor."""
