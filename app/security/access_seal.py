"""Authenticate the rows that decide access, so that write access to the database alone lets nobody in.

A token, link or session is stored as a keyed digest; the row that names its person, and the person's own row, carry a
MAC over their fields. All keys derive from SECRET_KEY, which the database does not hold.
"""

import hmac
from typing import Literal

from app.security.framing import frame
from app.security.secret_keys import SecretKeys

Purpose = Literal["token", "link", "session", "attempt"]
Kind = Literal["person", "token", "link", "session", "read-mark", "study", "passkey", "identity"]


class AccessSeal:
    """Makes and verifies keyed digests and MACs. Safe to share between threads."""

    def __init__(self, secrets: SecretKeys) -> None:
        self._digest_keys = secrets.derive(b"credential-digest/v1")
        self._mac_keys = secrets.derive(b"row-mac/v1")

    def digests(self, purpose: Purpose, token: str) -> tuple[bytes, ...]:
        """HMAC-SHA256 of a token for one purpose, by each secret, newest first; the newest is stored."""
        framed = frame(purpose.encode(), token.encode("utf-8", errors="surrogatepass"))
        return tuple(hmac.digest(key, framed, "sha256") for key in self._digest_keys)

    def mac(self, kind: Kind, *fields: object) -> bytes:
        """HMAC-SHA256 over the kind of a row and its fields, by the newest secret."""
        return hmac.digest(self._mac_keys[0], _framed(kind, fields), "sha256")

    def verify(self, mac: bytes, kind: Kind, *fields: object) -> bool:
        """Whether a MAC is that of the fields, by any of the secrets."""
        framed = _framed(kind, fields)
        return any(hmac.compare_digest(hmac.digest(key, framed, "sha256"), mac) for key in self._mac_keys)


def _framed(kind: Kind, fields: tuple[object, ...]) -> bytes:
    """Fields by type and value, so that None, "" and "None" differ; bytes and text are taken as they are."""
    return frame(kind.encode(), *(_field(value) for value in fields))


def _field(value: object) -> bytes:
    if isinstance(value, bytes):
        return b"b" + value
    return type(value).__name__.encode() + b":" + str(value).encode("utf-8", errors="surrogatepass")
