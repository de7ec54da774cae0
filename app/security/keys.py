"""The master keys: the only secret from which everything stored can be opened."""

import base64
import binascii
import itertools
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.errors import ConfigError

KEY_BYTES = 32
_KID = re.compile(r"[A-Za-z0-9_-]{1,32}")
# 32 random bytes hold 30 different values on average, and fewer than 20 less than once in 10^8 keys.
_LEAST_DISTINCT_BYTES = 20


@dataclass(frozen=True)
class MasterKey:
    """One master key. It is never used itself, only keys derived from it for one purpose each."""

    kid: str
    _secret: bytes = field(repr=False)

    def derive(self, purpose: bytes) -> bytes:
        """A 32-byte key for one purpose; different purposes give unrelated keys.

        Source: HKDF-SHA256, RFC 5869; no salt, as the secret is uniformly random (section 3.1).
        """
        return derive_key(self._secret, purpose)

    def line(self) -> str:
        """The key as `new_master_key` writes it."""
        return f"{self.kid}:{base64.urlsafe_b64encode(self._secret).rstrip(b'=').decode()}"


@dataclass(frozen=True)
class MasterKeys:
    """All master keys, newest first: the newest seals, every one of them opens."""

    _keys: tuple[MasterKey, ...]

    @classmethod
    def parse(cls, text: str) -> "MasterKeys":
        """Parse `KID:KEY`, or several on lines or separated by commas, newest first; KEY as `new_master_key` writes it.

        Raises:
            ConfigError: names MASTER_KEYS and the position of the wrong key, and shows nothing of any key.
        """
        keys = tuple(
            _parse_one(part.strip(), position)
            for position, part in enumerate(re.split(r"[,\n]", text.strip()), start=1)
        )
        if len({key.kid for key in keys}) < len(keys) or len({key.derive(b"same") for key in keys}) < len(keys):
            raise ConfigError("MASTER_KEYS holds the same key or the same key name twice.")
        return cls(keys)

    @property
    def newest(self) -> MasterKey:
        """The key that seals."""
        return self._keys[0]

    def __iter__(self) -> Iterator[MasterKey]:
        return iter(self._keys)

    def lines(self) -> tuple[str, ...]:
        """Each key as `new_master_key` writes it, newest first, to be kept in a file."""
        return tuple(key.line() for key in self._keys)

    def get(self, kid: str) -> MasterKey | None:
        """The key of this name, or None."""
        return next((key for key in self._keys if key.kid == kid), None)


def new_master_key() -> str:
    """A fresh `KID:KEY`: a random name, and 32 random bytes in base64url without padding.

    To rotate, write it on a line before the keys that are there.
    """
    while True:
        secret = secrets.token_bytes(KEY_BYTES)
        if not _looks_chosen(secret):
            return f"k{secrets.token_hex(4)}:{base64.urlsafe_b64encode(secret).rstrip(b'=').decode()}"


def derive_key(secret: bytes, purpose: bytes) -> bytes:
    """A 32-byte key for one purpose from a secret with at least 128 bits of entropy (HKDF-SHA256, RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"fracture/" + purpose).derive(secret)


def _parse_one(text: str, position: int) -> MasterKey:
    kid, _, encoded = text.partition(":")
    if not _KID.fullmatch(kid):
        raise ConfigError(f"Key {position} of MASTER_KEYS is not written as NAME:KEY.")
    secret = _decode(encoded)
    if secret is None:
        raise ConfigError(f"Key {position} of MASTER_KEYS must be {KEY_BYTES} bytes in base64url without padding.")
    if _looks_chosen(secret):
        raise ConfigError(f"Key {position} of MASTER_KEYS is not random. Make a new one; there is no default key.")
    return MasterKey(kid, secret)


def _decode(encoded: str) -> bytes | None:
    """The key's bytes, or None when this is not the one right way to write 32 bytes."""
    try:
        secret = base64.b64decode(encoded.encode("ascii") + b"=", altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return None
    canonical = base64.urlsafe_b64encode(secret).rstrip(b"=").decode()
    return secret if len(secret) == KEY_BYTES and canonical == encoded else None


def _looks_chosen(secret: bytes) -> bool:
    """Typed text, a repeated pattern or a counting sequence, instead of random bytes."""
    steps = {(after - before) % 256 for before, after in itertools.pairwise(secret)}
    typed = all(0x20 <= byte < 0x7F for byte in secret)
    return typed or len(set(secret)) < _LEAST_DISTINCT_BYTES or len(steps) == 1
