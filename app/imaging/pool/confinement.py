"""Confine a decoder process: memory, CPU time, files. It lives for one file."""

import ctypes
import resource
from dataclasses import dataclass

from app.config import Limits

_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 4, 38
_MEBIBYTE = 1 << 20
# Decoded samples, their copy in another order or depth, and what a codec holds besides.
_BYTES_PER_PIXEL = 24
_BYTES_PER_BYTE = 4
_LEAST_MEMORY = 512 * _MEBIBYTE
_FILES = 64


@dataclass(frozen=True)
class Confinement:
    """Limits of one decoding: CPU seconds, and bytes of memory beyond what the process has at its start."""

    cpu_s: int
    memory_bytes: int

    @classmethod
    def for_file(cls, limits: Limits, cpu_s: int) -> "Confinement":
        """The limits that the largest file and image fit."""
        return cls(cpu_s, _LEAST_MEMORY + limits.pixels * _BYTES_PER_PIXEL + limits.upload_bytes * _BYTES_PER_BYTE)


def confine(limits: Confinement) -> None:
    """Lower the limits of this process for good: memory, CPU time, open files, no children, no core dump."""
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    # A core dump would write a patient's pixels to disk.
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_NPROC, 0)
    _lower(resource.RLIMIT_NOFILE, _FILES)
    _lower(resource.RLIMIT_CPU, limits.cpu_s)
    _lower(resource.RLIMIT_FSIZE, limits.memory_bytes)
    _lower(resource.RLIMIT_AS, _address_space_bytes() + limits.memory_bytes)


def _lower(kind: int, value: int) -> None:
    hard = resource.getrlimit(kind)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(kind, (value, value))


def _address_space_bytes() -> int:
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[0]) * resource.getpagesize()
