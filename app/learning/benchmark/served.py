"""A running server, measured from outside as a browser or program meets it."""

import base64
import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Self

from app.errors import Unavailable
from app.security import PublicUploadKey, seal_upload

_TIMEOUT_S = 120.0
_NONE: Mapping[str, str] = {}


@dataclass(frozen=True)
class Address:
    """Where a server listens, and a token of a person who may upload."""

    host: str
    port: int
    token: str


@dataclass(frozen=True)
class Answer:
    """One answer: status, headers in lower case, content, and milliseconds from the first byte sent to the last one."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    ms: float


class Client:
    """One connection that is kept open; not safe under threads."""

    def __init__(self, address: Address) -> None:
        """Connect, and ask for the key that uploads are sealed for.

        Raises:
            Unavailable: the server does not give it.
        """
        self._authorization = f"Bearer {address.token}"
        self._connection = http.client.HTTPConnection(address.host, address.port, timeout=_TIMEOUT_S)
        answer = self.request("GET", "/api/v1/encryption-key")
        if answer.status != http.client.OK:
            raise Unavailable
        key: dict[str, Any] = json.loads(answer.body)
        self._key = PublicUploadKey(key["kid"], _unpadded(key["public_key"]), _unpadded(key["info"]))

    def sealed(self, raw: bytes) -> bytes:
        """A file as a browser seals it."""
        return seal_upload(self._key, raw)

    def upload(self, sealed: bytes) -> Answer:
        """Create a study of one sealed file."""
        headers = {"Content-Type": "application/hpke", "X-Key-Id": self._key.kid}
        return self.request("POST", "/api/v1/studies", sealed, headers)

    def request(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] = _NONE) -> Answer:
        """Ask once.

        Raises:
            OSError, http.client.HTTPException: there is no answer.
        """
        began = perf_counter()
        self._connection.request(method, path, body, {"Authorization": self._authorization, **headers})
        response = self._connection.getresponse()
        content = response.read()
        ms = (perf_counter() - began) * 1e3
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, content, ms)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
