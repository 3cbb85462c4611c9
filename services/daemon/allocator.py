"""Limits what the C library's allocator keeps of freed memory."""

from __future__ import annotations

import ctypes
import logging

log = logging.getLogger(__name__)

# Parameters of mallopt(3), from malloc.h of the GNU C library.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
#: Arguments of `bound_allocator` for a process that runs models. Unbounded, the daemon held 434 MB after
#: 60 turns instead of 350 MB. These cost no measurable time; smaller ones cost 17 % of `compute`, in page
#: faults.
FOR_MODELS = (2 * 1024 * 1024, 16 * 1024 * 1024)


def bound_allocator(mmap_bytes: int, trim_bytes: int) -> None:
    """Use two heaps for all threads, and fixed thresholds. Call it before the first thread starts.

    By default the GNU allocator keeps up to eight heaps a core, and raises its own thresholds so that large
    buffers are never given back.

    Args:
        mmap_bytes: blocks from this size on have pages of their own, which take no memory before they are
            used and are returned when the block is freed.
        trim_bytes: free memory at the end of a heap beyond this is returned.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:
        log.info("this C library has no mallopt; memory is left as it is")
        return
    for parameter, value in ((_ARENA_MAX, 2), (_MMAP_THRESHOLD, mmap_bytes), (_TRIM_THRESHOLD, trim_bytes)):
        mallopt(parameter, value)


def give_back() -> None:
    """Return the memory that the allocator keeps to the system; takes some milliseconds."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
