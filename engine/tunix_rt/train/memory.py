"""Memory: keep freed pages instead of giving them back to the kernel. It does not know what they are used for.

XLA allocates the buffers of every step anew. By default the C library maps fresh pages for each large one and unmaps
them afterwards, so that every step pays a page fault for every 4 KiB that it touches: about a quarter of a training
step on a CPU. A process that keeps its pages pays once.
"""

from __future__ import annotations

import ctypes
import functools
import logging
import sys

logger = logging.getLogger(__name__)

_TRIM_THRESHOLD, _MMAP_MAX, _ARENA_MAX = -1, -4, -8
"""Numbers of the options in glibc's malloc.h."""
_NEVER = -1
"""A threshold without limit; the largest number that the option takes would still give back blocks of over 2 GiB."""


@functools.cache
def keep_pages() -> bool:
    """Tell the C library to keep freed memory in this process; return whether it has such an option (glibc has)."""
    if not sys.platform.startswith("linux"):
        return False
    library = ctypes.CDLL(None)
    if not hasattr(library, "gnu_get_libc_version"):
        return False
    settings = {_ARENA_MAX: 1, _MMAP_MAX: 0, _TRIM_THRESHOLD: _NEVER}
    done = [library.mallopt(option, value) == 1 for option, value in settings.items()]
    logger.info("freed memory is kept: %s", all(done))
    return all(done)
