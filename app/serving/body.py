"""The body of a request in memory: appended to as it arrives, freed as it is consumed."""

import io
from collections import deque

# Small pieces are put together to this size, so that a body that drips costs no more than its bytes.
_PIECE_BYTES = 64 * 1024


class Body(io.RawIOBase):
    """A stream of bytes that frees what was consumed."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: deque[bytes | bytearray] = deque()
        # Where the first piece goes on.
        self._at = 0
        self.length = 0

    def append(self, data: bytes) -> None:
        """Add bytes at the end."""
        if not data:
            return
        self.length += len(data)
        last = self._pieces[-1] if self._pieces else None
        if isinstance(last, bytearray) and len(last) < _PIECE_BYTES:
            last += data
        else:
            self._pieces.append(bytearray(data) if len(data) < _PIECE_BYTES else data)

    def clear(self) -> None:
        """Forget everything."""
        self._pieces.clear()
        self._at = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Move the next bytes into `buffer`; returns how many."""
        view = memoryview(buffer)
        part = self._next(len(view))
        view[: len(part)] = part
        return len(part)

    def read(self, size: int | None = -1) -> bytes:
        """Return the next `size` bytes, fewer at the end; all that is left without a size."""
        wanted = self.length if size is None or size < 0 else size
        parts: list[bytes | bytearray] = []
        while wanted and (part := self._next(wanted)):
            parts.append(part)
            wanted -= len(part)
        return b"".join(parts)

    def _next(self, most: int) -> bytes | bytearray:
        """Take what the first piece has left, at most so many bytes; nothing at the end."""
        if not self._pieces or not most:
            return b""
        piece = self._pieces[0]
        part = piece[self._at : self._at + most] if self._at or len(piece) > most else piece
        self._at += len(part)
        if self._at == len(piece):
            self._pieces.popleft()
            self._at = 0
        return part
