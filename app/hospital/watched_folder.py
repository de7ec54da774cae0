"""A folder whose files are taken in: for a site without DICOM connections.

A file is taken when two passes in a row find it unchanged, so that none is read while it is copied. A stored file is
removed from the folder, since its sealed copy is kept; a refused one is moved into the subfolder `refused`.
"""

import logging
from collections.abc import Callable
from pathlib import Path

from app.errors import FractureError

logger = logging.getLogger(__name__)

REFUSED = "refused"
_SERVER_FAILURES = ("busy", "unavailable")

Take = Callable[[str, bytes], None]


class WatchedFolder:
    """Files of one folder and its subfolders, handed to `take` with their name."""

    def __init__(self, folder: Path, take: Take, most_bytes: int) -> None:
        self._folder = folder
        self._take = take
        self._most_bytes = most_bytes
        self._seen: dict[Path, tuple[int, int]] = {}

    def sweep(self) -> int:
        """Take every file that has not changed since the last pass; how many were stored.

        Raises:
            FractureError: the server cannot store anything now; files stay where they are.
            OSError: the folder cannot be read or changed.
        """
        found = {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in self._files()}
        quiet = [path for path, state in found.items() if self._seen.get(path) == state]
        self._seen = found
        return sum(self._handle(path) for path in sorted(quiet))

    def _files(self) -> list[Path]:
        refused = self._folder / REFUSED
        files = (path for path in self._folder.rglob("*") if path.is_file() and not path.is_symlink())
        return [path for path in files if refused not in path.parents and not path.name.startswith(".")]

    def _handle(self, path: Path) -> bool:
        if path.stat().st_size > self._most_bytes:
            self._refuse(path, "upload-too-large")
            return False
        try:
            self._take(path.name, path.read_bytes())
        except FractureError as failure:
            if failure.code in _SERVER_FAILURES:
                raise
            self._refuse(path, failure.code)
            return False
        path.unlink()
        return True

    def _refuse(self, path: Path, code: str) -> None:
        """Move a file aside; a name that is taken there gets a number."""
        logger.warning("a file of the watched folder was refused: %s", code)
        folder = self._folder / REFUSED
        folder.mkdir(exist_ok=True)
        target, number = folder / path.name, 1
        while target.exists():
            target, number = folder / f"{path.stem}-{number}{path.suffix}", number + 1
        path.rename(target)
