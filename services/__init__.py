# SPDX-License-Identifier: Apache-2.0
"""Daemons and the command line; they compose the libraries."""
