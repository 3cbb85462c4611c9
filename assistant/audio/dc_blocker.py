"""Removes the DC offset of a stream."""

from __future__ import annotations

import numpy as np

from assistant.audio.convert import FULL_SCALE
from assistant.audio.format import Samples

# Operands of no dimension, because numpy allocates one for each Python number otherwise.
_LOWEST = np.array(-FULL_SCALE, np.int32)
_HIGHEST = np.array(FULL_SCALE - 1, np.int32)


class DcBlocker:
    """Removes a slowly changing DC offset, as cheap sound cards have, from a stream.

    The offset is a running mean: of all blocks at first, later with a time constant of `settle_blocks` blocks
    (100 blocks of 10 ms are 1 s). Nothing is allocated once the largest block was there.
    """

    def __init__(self, settle_blocks: int = 100) -> None:
        self._least_weight = 1.0 / settle_blocks
        self._blocks = 0
        self._offset = 0.0
        self._sum = np.empty((), np.float64)
        self._shift = np.empty((), np.int32)
        self._wide = np.empty(0, np.int32)

    def process(self, samples: Samples, out: Samples) -> None:
        """Write the block without the offset to `out`; clipped, not wrapped.

        Args:
            samples: int16 (n,). n may be 0, because a resampler sometimes has no output yet.
            out: int16 (n,); may be `samples`.
        """
        if not len(samples):
            return
        self._blocks += 1
        weight = max(1.0 / self._blocks, self._least_weight)
        np.add.reduce(samples, dtype=np.float64, out=self._sum)
        self._offset += weight * (self._sum.item() / len(samples) - self._offset)
        shift = round(self._offset)
        if shift == 0:
            out[:] = samples
            return
        if len(self._wide) < len(samples):
            self._wide = np.empty(len(samples), np.int32)
        wide = self._wide[: len(samples)]
        wide[:] = samples
        self._shift.fill(shift)
        np.subtract(wide, self._shift, out=wide)
        np.maximum(wide, _LOWEST, out=wide)
        np.minimum(wide, _HIGHEST, out=wide)
        out[:] = wide
