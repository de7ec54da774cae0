"""Files of a folder tree or of a ZIP archive, one after the other, with a bound on each."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from app.config import Limits
from app.errors import ConfigError, FractureError, UploadTooLarge

# A DICOMDIR lists the files beside it and holds no image.
_INDEX_NAMES = ("DICOMDIR",)


class Source(Protocol):
    """Files by name."""

    @property
    def names(self) -> tuple[str, ...]:
        """Paths inside the source with forward slashes, sorted."""

    def read(self, name: str, limits: Limits) -> bytes:
        """The bytes of one file.

        Raises:
            UploadTooLarge: more than `limits.upload_bytes`.
            FractureError: the file cannot be opened.
        """

    def modified_at(self, name: str) -> datetime:
        """The time of its last change, in UTC as far as the source tells."""


@dataclass(frozen=True)
class _Folder:
    root: Path
    names: tuple[str, ...]

    def read(self, name: str, limits: Limits) -> bytes:
        path = self.root / name
        try:
            if path.stat().st_size > limits.upload_bytes:
                raise _too_large(limits)
            return path.read_bytes()
        except OSError:
            raise FractureError("This file cannot be opened.") from None

    def modified_at(self, name: str) -> datetime:
        return datetime.fromtimestamp((self.root / name).stat().st_mtime, UTC)


@dataclass(frozen=True)
class _Archive:
    archive: zipfile.ZipFile
    names: tuple[str, ...]

    def read(self, name: str, limits: Limits) -> bytes:
        try:
            # The size in the directory of an archive is a claim; what is inflated is bounded too.
            with self.archive.open(name) as file:
                raw = file.read(limits.upload_bytes + 1)
        except (OSError, RuntimeError, NotImplementedError, zipfile.BadZipFile, EOFError):
            raise FractureError("This file cannot be unpacked.") from None
        if len(raw) > limits.upload_bytes:
            raise _too_large(limits)
        return raw

    def modified_at(self, name: str) -> datetime:
        try:
            return datetime(*self.archive.getinfo(name).date_time, tzinfo=UTC)
        except ValueError:
            return datetime(1980, 1, 1, tzinfo=UTC)


@contextmanager
def open_source(path: Path, out: Path) -> Iterator[Source]:
    """Open a folder or a ZIP archive; hidden files, indexes and what lies in `out` are left out.

    Raises:
        ConfigError: `path` is neither, or `out` is the same folder.
    """
    if path.is_dir():
        if path.resolve() == out.resolve():
            raise ConfigError("The results need a folder of their own.")
        found = (each.relative_to(path) for each in path.rglob("*") if each.is_file() and not _is_in(each, out))
        yield _Folder(path, tuple(sorted(each.as_posix() for each in found if _is_wanted(each.as_posix()))))
    elif path.is_file() and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = (entry.filename for entry in archive.infolist() if not entry.is_dir())
            yield _Archive(archive, tuple(sorted(name for name in names if _is_wanted(name))))
    else:
        raise ConfigError(f"{path} is neither a folder nor a ZIP archive.")


@contextmanager
def open_part(path: Path, names: tuple[str, ...]) -> Iterator[Source]:
    """Open some files, by their names, of a source that `open_source` has listed."""
    if path.is_dir():
        yield _Folder(path, names)
    else:
        with zipfile.ZipFile(path) as archive:
            yield _Archive(archive, names)


def _is_wanted(name: str) -> bool:
    """False for hidden files, indexes, and for a path that leads out of its archive."""
    parts = name.split("/")
    return not any(part.startswith(".") or part == "" for part in parts) and parts[-1] not in _INDEX_NAMES


def _is_in(path: Path, folder: Path) -> bool:
    return folder.resolve() in path.resolve().parents


def _too_large(limits: Limits) -> UploadTooLarge:
    return UploadTooLarge("This file is larger than %(size)s MB.", size=limits.upload_bytes // 2**20)
