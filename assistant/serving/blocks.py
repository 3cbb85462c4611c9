"""A pool of blocks of one size, all of them allocated when the pool is made.

Where sound goes from one thread to another, the writer takes a block, fills it and hands it over, and the
reader gives it back. Nothing is allocated on the way.
"""

from __future__ import annotations

import threading

import numpy as np

from assistant.audio.format import Samples
from common.metrics import Counter, Gauge

MEMORY = Gauge("sotto_blocks_bytes", "Memory of a pool of blocks, of the one made last", ("pool",))
HIGH_WATER = Gauge(
    "sotto_blocks_high_water", "Most blocks in use at once, of the pool made last under that name", ("pool",)
)
EXHAUSTED = Counter("sotto_blocks_exhausted_total", "Times that a pool had no block left", ("pool",))


class Block:
    """A block of a pool.

    Attributes:
        samples: all of it, int16 (n,).
        data: the same memory as bytes (2 n,).
        used: how many samples are filled; the owner sets it.
    """

    __slots__ = ("_pool", "data", "is_taken", "samples", "used")

    def __init__(self, pool: BlockPool, samples: Samples) -> None:
        self._pool = pool
        self.samples = samples
        self.data = samples.data.cast("B")
        self.used = 0
        #: Whether it was taken and not given back.
        self.is_taken = False

    def give_back(self) -> None:
        """Return it to its pool; it must not be used afterwards.

        Raises:
            ValueError: it was given back already.
        """
        self._pool.give_back(self)


class BlockPool:
    """Hands out blocks; may be used by several threads.

    The block that was given back last is handed out first, so that a pool touches no more memory than its
    high-water mark.

    Args:
        name: of the pool, in the metrics.
        blocks: how many there are, at least 1.
        samples: size of each, at least 1.
    """

    def __init__(self, name: str, blocks: int, samples: int) -> None:
        self.name = name
        memory = np.zeros((blocks, samples), np.int16)
        #: The free blocks are the first `_free` of these. The list never changes its length.
        self._blocks = [Block(self, row) for row in memory]
        self._free = blocks
        self._least_free = blocks
        self._lock = threading.Lock()
        MEMORY.set(memory.nbytes, name)
        HIGH_WATER.set(0, name)

    @property
    def capacity(self) -> int:
        """How many blocks there are."""
        return len(self._blocks)

    @property
    def in_use(self) -> int:
        """How many are taken now."""
        return len(self._blocks) - self._free

    @property
    def high_water(self) -> int:
        """The most that were taken at once."""
        return len(self._blocks) - self._least_free

    def take(self) -> Block | None:
        """A block that nobody else has, with what its last owner left in it; None if all are taken."""
        with self._lock:
            if not self._free:
                EXHAUSTED.inc(self.name)
                return None
            self._free -= 1
            block = self._blocks[self._free]
            block.is_taken = True
            if self._free < self._least_free:
                self._least_free = self._free
                HIGH_WATER.set(self.high_water, self.name)
            return block

    def give_back(self, block: Block) -> None:
        """Return a block; see `Block.give_back`."""
        with self._lock:
            if not block.is_taken:
                raise ValueError(f"a block of the pool {self.name!r} was given back twice")
            block.is_taken = False
            self._blocks[self._free] = block
            self._free += 1
