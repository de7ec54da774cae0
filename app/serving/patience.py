"""How long a connection may take: a deadline that moves only while bytes pass."""

from dataclasses import dataclass

# At least so many bytes, or the end, in so many seconds: 3.2 KiB/s, a quarter of a bad mobile connection.
STEP_BYTES = 32 * 1024
PATIENCE_S = 10.0
# A connection that passed fewer bytes a second since its request began gives way when memory is short.
SLOW_BYTES_S = 64 * 1024
_GRACE_S = 1.0


@dataclass
class Deadline:
    """The deadline of what a connection does now: receive a request, send an answer, or end."""

    at_s: float
    began_s: float
    patience_s: float = PATIENCE_S
    passed: int = 0
    _marked: int = 0

    @classmethod
    def starting(cls, now_s: float, patience_s: float = PATIENCE_S) -> "Deadline":
        """Return a deadline that begins now."""
        return cls(now_s + patience_s, now_s, patience_s)

    def pass_bytes(self, count: int, now_s: float) -> None:
        """Count bytes that passed; the deadline moves once they are a step."""
        self.passed += count
        if self.passed - self._marked >= STEP_BYTES:
            self._marked = self.passed
            self.at_s = now_s + self.patience_s

    def is_slow(self, now_s: float) -> bool:
        """Whether the connection is one that gives way when memory is short."""
        took_s = now_s - self.began_s
        return took_s > _GRACE_S and self.passed < SLOW_BYTES_S * took_s
