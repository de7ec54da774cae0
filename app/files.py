"""Write a file whole or not at all, and take its SHA-256."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(path: Path, mode: int | None = None) -> Iterator[BinaryIO]:
    """Open a new file beside `path` for writing, and rename it over `path` when the block ends well.

    An error, a kill or a full disk leaves `path` as it was. The content is on the disk before the name is.

    mode: permissions of the file; None keeps those of the one replaced, or gives 0o644 to a new one.

    Raises:
        OSError: the folder cannot be written, or no space is left.
    """
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files that only their owner reads.
        Path(beside).chmod(mode if mode is not None else _mode_of(path))
        Path(beside).replace(path)
    finally:
        Path(beside).unlink(missing_ok=True)


def write_whole(path: Path, content: bytes | str, mode: int | None = None) -> None:
    """Write `content` (text as UTF-8) to `path`, whole or not at all; see `replacing`.

    Raises:
        OSError: as `replacing`.
    """
    with replacing(path, mode) as file:
        file.write(content.encode("utf-8") if isinstance(content, str) else content)


def sha256_of(content: Path | bytes) -> str:
    """The SHA-256 of a file, or of bytes, in lower-case hexadecimal.

    Raises:
        OSError: the file cannot be read.
    """
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    with content.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777 if path.exists() else 0o644
