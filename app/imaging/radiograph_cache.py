"""Cache of decoded radiographs, in memory only, until none was used for a while."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from app.records import Radiograph

IDLE_S = 300.0


@dataclass(frozen=True)
class ImageKey:
    """Whose image it is; another tenant's id is another key."""

    tenant: str
    study: str
    image: str


@dataclass
class _Entry:
    """A radiograph that lies there; None while the one who holds the lock is decoding it."""

    used_s: float
    radiograph: Radiograph | None = None
    bytes: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class RadiographCache:
    """Keeps decoded radiographs, the last used ones first, within a number of bytes.

    Two who ask for the same image wait for one decoding. An entry is forgotten when it was not asked for during
    `idle_s`, by a timer, so that no image stays behind on a quiet server. Safe to use from several threads.

    Whether a person may see an image, and whether it is still there, is asked elsewhere, each time.
    """

    def __init__(self, most_bytes: int, idle_s: float = IDLE_S, clock: Callable[[], float] = time.monotonic) -> None:
        """most_bytes: 0 keeps nothing. clock: seconds that only grow."""
        self._most_bytes = most_bytes
        self._idle_s = idle_s
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: OrderedDict[ImageKey, _Entry] = OrderedDict()
        self._timer: threading.Timer | None = None

    @property
    def bytes(self) -> int:
        """Bytes that the cached radiographs take."""
        with self._lock:
            return sum(entry.bytes for entry in self._entries.values())

    def get(self, key: ImageKey, decode: Callable[[], Radiograph]) -> Radiograph:
        """The radiograph of a key, decoded by the first who asks; its arrays cannot be written to.

        Raises:
            FractureError: what `decode` raises; others that wait for it try again.
        """
        with self._lock:
            entry = self._entries.setdefault(key, _Entry(self._clock()))
            entry.used_s = self._clock()
            self._entries.move_to_end(key)
        with entry.lock:
            if entry.radiograph is None:
                self._fill(key, entry, decode)
            return cast(Radiograph, entry.radiograph)

    def forget(self, tenant: str, study: str) -> None:
        """Forget a study's radiographs, and those of it that are being decoded as soon as they are."""
        with self._lock:
            for key in [key for key in self._entries if (key.tenant, key.study) == (tenant, study)]:
                del self._entries[key]

    def sweep(self) -> None:
        """Forget what was not asked for during `idle_s`."""
        with self._lock:
            now_s = self._clock()
            for key, entry in list(self._entries.items()):
                if entry.radiograph is not None and now_s - entry.used_s >= self._idle_s:
                    del self._entries[key]
            self._timer = None
            self._wind_up()

    def _fill(self, key: ImageKey, entry: _Entry, decode: Callable[[], Radiograph]) -> None:
        try:
            entry.radiograph = decode()
            entry.bytes = _freeze(entry.radiograph)
        finally:
            with self._lock:
                # Forgotten meanwhile, it goes to those who wait for it, and is not kept.
                if self._entries.get(key) is entry:
                    if entry.radiograph is None:
                        del self._entries[key]
                    self._make_room()
                    self._wind_up()

    def _make_room(self) -> None:
        """Forget what was used longest ago, until the rest fits."""
        total = sum(entry.bytes for entry in self._entries.values())
        for key, entry in list(self._entries.items()):
            if total <= self._most_bytes:
                return
            if entry.bytes:
                total -= entry.bytes
                del self._entries[key]

    def _wind_up(self) -> None:
        """Have `sweep` called when the entry that is idle longest may be forgotten."""
        used_s = [entry.used_s for entry in self._entries.values() if entry.radiograph is not None]
        if self._timer is not None or not used_s:
            return
        wait_s = max(0.0, min(used_s) + self._idle_s - self._clock())
        self._timer = threading.Timer(wait_s, self.sweep)
        self._timer.daemon = True
        self._timer.start()


def _freeze(radiograph: Radiograph) -> int:
    """Make the arrays of a shared radiograph read-only; the bytes that they take."""
    arrays = [radiograph.grey]
    if radiograph.levels is not None:
        arrays += [radiograph.levels.index, radiograph.levels.units, radiograph.levels.table]  # type: ignore[list-item]
    for array in arrays:
        array.flags.writeable = False
    return sum(array.nbytes for array in {id(array): array for array in arrays}.values())
