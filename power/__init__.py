# SPDX-License-Identifier: Apache-2.0
"""Power: governs clocks and cores."""
