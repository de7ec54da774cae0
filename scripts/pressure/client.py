"""Requests of a client that is not slow, timed."""

import http.client
import json
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from app.imaging import phantom, render_png

_BOUNDARY = "pressure"


@dataclass(frozen=True)
class Timed:
    """An answer. status: 0 where the connection ended without one. retry_after: the header, or None."""

    status: int
    took_s: float
    body: bytes = b""
    retry_after: str | None = None


def ask(
    address: tuple[str, int],
    method: str,
    path: str,
    body: Sequence[bytes] = (),
    headers: Mapping[str, str] | None = None,
) -> Timed:
    """Send one request on a connection of its own, and take the whole answer."""
    connection = http.client.HTTPConnection(*address, timeout=120)
    began_s = time.monotonic()
    try:
        connection.request(method, path, body or None, dict(headers or {}))
        answer = connection.getresponse()
        content = answer.read()
        return Timed(answer.status, time.monotonic() - began_s, content, answer.headers["Retry-After"])
    except (OSError, http.client.HTTPException):
        return Timed(0, time.monotonic() - began_s)
    finally:
        connection.close()


def upload(address: tuple[str, int], token: str, files: Sequence[bytes]) -> Timed:
    """Send files as one study, piece by piece."""
    pieces: list[bytes] = []
    for number, file in enumerate(files):
        about = f'Content-Disposition: form-data; name="file"; filename="{number}.png"'
        pieces += (f"--{_BOUNDARY}\r\n{about}\r\n\r\n".encode(), file, b"\r\n")
    pieces.append(f"--{_BOUNDARY}--\r\n".encode())
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": f"multipart/form-data; boundary={_BOUNDARY}",
        "Content-Length": str(sum(len(piece) for piece in pieces)),
    }
    return ask(address, "POST", "/api/v1/studies", pieces, headers)


def at_once(address: tuple[str, int], token: str, file: bytes, clients: int) -> list[Timed]:
    """Let so many clients upload one file each at the same moment."""
    answers: list[Timed] = []
    start = threading.Barrier(clients)

    def one() -> None:
        start.wait()
        answers.append(upload(address, token, [file]))

    threads = [threading.Thread(target=one) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def image_path(study: bytes) -> str:
    """The address of the first image of a study, an answer to an upload."""
    known = json.loads(study)
    return f"/api/v1/studies/{known['id']}/images/{known['images'][0]['id']}/original.png"


def noisy_png(shape_hw: tuple[int, int]) -> bytes:
    """A radiograph as large as `shape_hw` asks, with the noise that keeps it from being compressed."""
    grey = phantom(1, shape_hw).grey
    noise = np.random.default_rng(1).integers(-6, 7, grey.shape)
    return render_png(np.clip(grey + noise, 0, 255).astype(np.uint8))
