# SPDX-License-Identifier: Apache-2.0
"""Assembles rootfs, services and models into a signed, reproducible, flashable image.

Runs with nothing but the Python standard library: the machine that builds has no environment of ours.
"""
