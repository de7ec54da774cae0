"""Room for all connections together: bytes in memory and seats in lanes. Slow ones give way when it is short."""

from collections.abc import Callable, Iterable

from app.serving.connection import Connection, State
from app.serving.lanes import Lanes

_HOLDING = frozenset({State.BODY, State.SENDING})


class Room:
    """Bytes and seats that connections hold together, and their bounds."""

    def __init__(
        self,
        most_bytes: int,
        lanes: Lanes,
        connections: Iterable[Connection],
        let_go: Callable[[Connection], None],
        clock: Callable[[], float],
    ) -> None:
        """connections: those that share it. let_go: frees what a slow connection holds. clock: seconds."""
        self._most_bytes, self._lanes, self._connections = most_bytes, lanes, connections
        self._let_go, self._clock = let_go, clock
        self._held = 0

    def hold(self, connection: Connection, count: int) -> bool:
        """Count `count` bytes for a connection, in place of those that it held; False where they do not fit.

        A body or an answer alone always fits.
        """
        while count > connection.held and self._held and self._held + count - connection.held > self._most_bytes:
            if not self._make_way(connection, lambda one: one.held > 0):
                return False
        self._held += count - connection.held
        connection.held = count
        return True

    def seat(self, connection: Connection, lane: str) -> bool:
        """Give a connection a seat in a lane, in place of another; False where there is none."""
        if connection.seat == lane:
            return True
        while not self._lanes.take(lane):
            if not self._make_way(connection, lambda one: one.seat == lane):
                return False
        self.unseat(connection)
        connection.seat = lane
        return True

    def unseat(self, connection: Connection) -> None:
        """Take a connection's seat, if it has one."""
        if connection.seat is not None:
            self._lanes.leave(connection.seat)
            connection.seat = None

    def release(self, connection: Connection) -> None:
        """Take everything that a connection has."""
        self._held -= connection.held
        connection.held = 0
        self.unseat(connection)

    def _make_way(self, newcomer: Connection, has_it: Callable[[Connection], bool]) -> bool:
        """Let go of the slow connection that holds most of those that have something; False where there is none."""
        now_s = self._clock()
        slow = (
            one
            for one in self._connections
            if one is not newcomer and one.state in _HOLDING and has_it(one) and one.deadline.is_slow(now_s)
        )
        slowest = max(slow, key=lambda one: one.held, default=None)
        if slowest is not None:
            self._let_go(slowest)
        return slowest is not None
