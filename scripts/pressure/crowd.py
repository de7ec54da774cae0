"""Connections that are slow on purpose: silent, sending a head or a body byte by byte, or reading an answer so."""

import selectors
import socket
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

Kind = Literal["idle", "slow-head", "slow-body", "slow-reader"]
_BODY_BYTES = 1_000_000
_BEAT_S = 0.5


@dataclass(frozen=True)
class Target:
    """Where a crowd connects. path: of a large image, for slow readers."""

    address: tuple[str, int]
    token: str
    path: str


def opening(kind: Kind, target: Target) -> bytes:
    """The bytes that a connection of this kind sends at once."""
    bearer = f"Authorization: Bearer {target.token}\r\n"
    if kind == "slow-head":
        return b"GET /sign-in HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
    if kind == "slow-body":
        about = f"Content-Type: application/hpke\r\nX-Key-Id: k\r\nContent-Length: {_BODY_BYTES}\r\n"
        return f"POST /api/v1/studies HTTP/1.1\r\nHost: localhost\r\n{bearer}{about}\r\n".encode()
    if kind == "slow-reader":
        return f"GET {target.path} HTTP/1.1\r\nHost: localhost\r\n{bearer}\r\n".encode()
    return b""


class _Slow:
    """One slow connection; it connects again when the server has closed it."""

    def __init__(self, kind: Kind, target: Target) -> None:
        self.kind, self._target = kind, target
        self.ended = 0
        self.has_begun = False
        self._connect()

    def _connect(self) -> None:
        self.sock = socket.socket()
        if self.kind == "slow-reader":
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.sock.settimeout(30)
        with suppress(OSError):
            self.sock.connect(self._target.address)
            self.sock.sendall(opening(self.kind, self._target))
        self.sock.setblocking(False)

    def beat(self, is_readable: bool) -> None:
        """Send or receive one byte, or see that the server has had enough."""
        try:
            if self.kind == "slow-reader" or is_readable:
                # An answer before the end of the request is a refusal.
                if not self.sock.recv(1) or self.kind != "slow-reader":
                    raise ConnectionResetError
                self.has_begun = True
            elif self.kind != "idle":
                self.sock.send(b"x")
        except BlockingIOError:
            return
        except OSError:
            self.ended, self.has_begun = self.ended + 1, True
            self.sock.close()
            self._connect()


class Crowd:
    """Many slow connections, kept up by a thread while the context lasts.

    The context begins once every slow reader has the first byte of its answer.
    """

    def __init__(self, counts: Mapping[Kind, int], target: Target) -> None:
        self._kinds: Sequence[Kind] = [kind for kind, count in counts.items() for _ in range(count)]
        self._target = target
        self._is_over = threading.Event()
        self._is_up = threading.Event()
        self._thread = threading.Thread(target=self._keep_up, name="crowd", daemon=True)
        self._slow: list[_Slow] = []

    @property
    def ended(self) -> int:
        """How many connections the server has ended so far."""
        return sum(one.ended for one in self._slow)

    def __enter__(self) -> "Crowd":
        self._thread.start()
        self._is_up.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _keep_up(self) -> None:
        self._slow = [_Slow(kind, self._target) for kind in self._kinds]
        while not self._is_over.wait(_BEAT_S):
            readable = self._readable()
            for one in self._slow:
                one.beat(one.sock in readable)
            if all(one.has_begun for one in self._slow if one.kind == "slow-reader"):
                self._is_up.set()
        for one in self._slow:
            one.sock.close()

    def _readable(self) -> set[object]:
        with selectors.DefaultSelector() as selector:
            for one in self._slow:
                selector.register(one.sock, selectors.EVENT_READ)
            return {key.fileobj for key, _ in selector.select(0)}
