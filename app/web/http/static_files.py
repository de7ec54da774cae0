"""Static files under an address that names their content: a browser keeps them for ever, and gets them compressed.

`/static/DIGEST/js/viewer/page.js`: the digest is of the whole folder, so that a module's relative imports carry it too.
"""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from flask import Flask, Response, current_app, request, send_from_directory
from werkzeug.security import safe_join

DIGEST_LENGTH = 16
FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
# A plain script, and a module that only seldom is needed.
_NO_MODULES = frozenset({"theme.js", "why.js"})
COMPRESSIBLE = frozenset({".css", ".js", ".svg"})


@dataclass
class StaticFiles:
    """A folder of files that do not change while the application runs; what is compressed is kept in memory."""

    folder: Path
    digest: str
    compressed: dict[str, bytes] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def gzipped(self, filename: str) -> bytes | None:
        """The file compressed by gzip, made once; None for a kind that is compressed already or that is not there."""
        path = safe_join(str(self.folder), filename)
        if path is None or Path(path).suffix not in COMPRESSIBLE or not Path(path).is_file():
            return None
        with self.lock:
            if filename not in self.compressed:
                self.compressed[filename] = gzip.compress(Path(path).read_bytes(), 9, mtime=0)
            return self.compressed[filename]


def modules_of(folder: Path) -> tuple[str, ...]:
    """The modules of a study's page, to be fetched at once instead of one import after another."""
    paths = [*folder.glob("js/*.js"), *folder.glob("js/viewer/*.js"), *folder.glob("js/feedback/*.js")]
    return tuple(sorted(path.relative_to(folder).as_posix() for path in paths if path.name not in _NO_MODULES))


def digest_of(folder: Path) -> str:
    """A digest of the names and contents of all files of a folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = hashlib.sha256(path.read_bytes()).digest()
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + content)
    return digest.hexdigest()[:DIGEST_LENGTH]


def install(app: Flask, folder: Path) -> None:
    """Serve the files of `folder` as the endpoint `static`; `url_for` gives the address with the digest."""
    files = StaticFiles(folder, digest_of(folder))
    app.extensions["static_files"] = files
    app.add_url_rule("/static/<path:filename>", "static", _serve)

    def add_digest(endpoint: str, values: dict[str, str]) -> None:
        if endpoint == "static":
            values["filename"] = f"{files.digest}/{values['filename']}"

    app.url_defaults(add_digest)
    app.jinja_env.globals.update(study_modules=modules_of(folder))


def cache_control() -> str:
    """How long a browser keeps the file of this request: for ever where its address names its content."""
    files: StaticFiles = current_app.extensions["static_files"]
    return FOR_EVER if _version_and_name(files)[0] else ASK_AGAIN


def _version_and_name(files: StaticFiles) -> tuple[bool, str]:
    filename = str((request.view_args or {}).get("filename", ""))
    prefix = f"{files.digest}/"
    return filename.startswith(prefix), filename.removeprefix(prefix)


def _serve(filename: str) -> Response:
    """A static file; `filename` begins with the digest or not."""
    files: StaticFiles = current_app.extensions["static_files"]
    name = _version_and_name(files)[1]
    zipped = files.gzipped(name) if "gzip" in request.headers.get("Accept-Encoding", "") else None
    if zipped is None:
        answer = send_from_directory(files.folder, name)
    else:
        answer = Response(zipped, mimetype=mimetypes.guess_type(name)[0], headers={"Content-Encoding": "gzip"})
        answer.add_etag()
        answer.make_conditional(request)
    answer.headers["Vary"] = "Accept-Encoding"
    return answer
