"""SECRET_KEY: one secret or several, newest first, from which the keys of sessions, credentials and records derive."""

import itertools
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from app.errors import ConfigError
from app.security.keys import derive_key

LEAST_CHARACTERS = 32
# 32 random hexadecimal digits have about 115 bits by this estimate; a repeated pattern or a word has far fewer.
_LEAST_BITS = 100
# A repeated word has as many different pairs of neighbours as letters; 32 random hexadecimal digits have about 29.
_LEAST_PAIRS = 14


@dataclass(frozen=True)
class SecretKeys:
    """The secrets of SECRET_KEY: the newest signs, every one of them verifies."""

    _secrets: tuple[str, ...] = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> "SecretKeys":
        """Parse one secret, or several separated by commas or line ends, newest first.

        Raises:
            ConfigError: one is short or guessable, or stands there twice; it is named by its position, never shown.
        """
        secrets = tuple(part.strip() for part in re.split(r"[,\n]", text) if part.strip())
        if not secrets:
            raise ConfigError("SECRET_KEY is empty.")
        for position, secret in enumerate(secrets, start=1):
            if _is_weak(secret):
                raise ConfigError(
                    f"Secret {position} of SECRET_KEY is too weak: it needs 32 random bytes, as `openssl rand -hex 32` "
                    "prints them."
                )
        if len(set(secrets)) < len(secrets):
            raise ConfigError("SECRET_KEY holds the same secret twice.")
        return cls(secrets)

    @property
    def newest(self) -> str:
        """The secret that signs."""
        return self._secrets[0]

    def __iter__(self) -> Iterator[str]:
        return iter(self._secrets)

    def derive(self, purpose: bytes) -> tuple[bytes, ...]:
        """A 32-byte key for one purpose from each secret, newest first (HKDF-SHA256, RFC 5869)."""
        return tuple(derive_key(secret.encode(), purpose) for secret in self._secrets)


def _is_weak(secret: str) -> bool:
    pairs = len(set(itertools.pairwise(secret)))
    return len(secret) < LEAST_CHARACTERS or _bits(secret) < _LEAST_BITS or pairs < _LEAST_PAIRS


def _bits(secret: str) -> float:
    """The entropy of the characters of a secret as they occur in it, times their number (Shannon)."""
    counts = Counter(secret)
    return -sum(count * math.log2(count / len(secret)) for count in counts.values())
