"""Decoders that do what a hostile file may make a real one do; a decoder process runs them by name."""

import os
import signal
import socket
import stat
from dataclasses import replace

import numpy as np

from app.config import Limits
from app.errors import MultiFrame
from app.imaging.decode import decode
from app.records import Radiograph


def by_first_word(raw: bytes, limits: Limits) -> Radiograph:
    """Do what the first word of a file says; decode any other file."""
    word = raw.split(b" ", 1)[0].decode("ascii", "replace")
    action = ACTIONS.get(word)
    return action(raw, limits) if action else decode(raw, limits)


def crash(raw: bytes, limits: Limits) -> Radiograph:
    os.kill(os.getpid(), signal.SIGSEGV)
    raise AssertionError


def hang(raw: bytes, limits: Limits) -> Radiograph:
    signal.pause()
    raise AssertionError


def spin(raw: bytes, limits: Limits) -> Radiograph:
    while True:
        pass


def hoard(raw: bytes, limits: Limits) -> Radiograph:
    kept = []
    while True:
        kept.append(bytearray(64 << 20))


def refuse(raw: bytes, limits: Limits) -> Radiograph:
    raise MultiFrame


def babble(raw: bytes, limits: Limits) -> Radiograph:
    """Write rubbish into the channel instead of an answer."""
    for name in os.listdir("/proc/self/fd"):
        if os.path.exists(f"/proc/self/fd/{name}") and stat.S_ISSOCK(os.fstat(int(name)).st_mode):
            socket.socket(fileno=int(name)).sendall(b"\xff" * 5000)
    os._exit(0)


def lie(raw: bytes, limits: Limits) -> Radiograph:
    """A radiograph of floats with a warning that is no code."""
    return Radiograph(np.ones((4, 4)), None, "png", 8, ("<b>healthy</b>",))  # type: ignore[arg-type]


def exceed(raw: bytes, limits: Limits) -> Radiograph:
    """Levels whose index points beyond their table."""
    deep = decode(raw.split(b" ", 1)[1], limits)
    assert deep.levels is not None
    return replace(deep, levels=replace(deep.levels, units=deep.levels.units[:9], table=deep.levels.table[:9]))


def look_around(raw: bytes, limits: Limits) -> Radiograph:
    """Say in the width of the answer whether a key of the server, or another file's bytes, can be seen."""
    seen = any("SECRET" in name or "MASTER" in name for name in os.environ)
    return Radiograph(np.zeros((1, 2 if seen else 1), np.uint8), None, "png", 8)


ACTIONS = {each.__name__: each for each in (crash, hang, spin, hoard, refuse, babble, lie, exceed, look_around)}
