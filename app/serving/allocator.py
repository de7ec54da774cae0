"""Settings of the C library's allocator for a process with many threads and large, short-lived blocks."""

import ctypes

# From malloc.h of glibc.
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
_LARGE_BYTES = 1024 * 1024
_ARENAS = 2


def give_memory_back() -> None:
    """Have large blocks returned to the system as soon as they are freed; do nothing where the library is another.

    glibc would keep an arena for each thread, and raise the size from which blocks are returned after the first large
    one: bodies and images would stay in memory long after their request.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
        mallopt(_M_ARENA_MAX, _ARENAS)
