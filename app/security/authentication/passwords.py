"""Passwords: argon2id, and the same work whether a name exists or not."""

import secrets
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import BoundedSemaphore

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from app.errors import Busy, CommonPassword, WeakPassword
from app.security.authentication.common_passwords import is_common

LEAST_CHARACTERS = 12
HASHES_AT_ONCE = 2
WAIT_S = 3.0


@dataclass(frozen=True)
class PasswordCost:
    """Cost of one hash: passes over memory, memory in KiB, lanes, and the sizes of salt and tag in bytes."""

    passes: int
    memory_kib: int
    lanes: int
    salt_bytes: int
    tag_bytes: int


# RFC 9106, section 4, second recommended option: t=3, p=4, m=2^16 KiB (64 MiB), 128-bit salt, 256-bit tag.
RFC_9106_SECOND = PasswordCost(passes=3, memory_kib=2**16, lanes=4, salt_bytes=16, tag_bytes=32)


class Passwords:
    """Hashes and checks passwords. Safe to share between threads.

    Each hash takes `cost.memory_kib` of memory and a core, so at most `HASHES_AT_ONCE` are made at once.
    """

    def __init__(self, cost: PasswordCost = RFC_9106_SECOND) -> None:
        self._turns = BoundedSemaphore(HASHES_AT_ONCE)
        self._hasher = PasswordHasher(
            time_cost=cost.passes,
            memory_cost=cost.memory_kib,
            parallelism=cost.lanes,
            hash_len=cost.tag_bytes,
            salt_len=cost.salt_bytes,
            type=Type.ID,
        )
        self._nobody = self._hasher.hash(secrets.token_bytes(32))

    def hash(self, password: str, *own_words: str) -> str:
        """The hash of a new password to store, in PHC format: it says its own parameters and salt.

        own_words: names of the person and tenant, which the password must not consist of.

        Raises:
            WeakPassword: fewer than 12 characters.
            CommonPassword: one of the list of common passwords, or a name.
            Busy: others hash for longer than `WAIT_S`.
        """
        normal = _normal(password)
        if len(normal) < LEAST_CHARACTERS:
            raise WeakPassword
        if is_common(normal, own_words):
            raise CommonPassword
        return self.hash_again(password)

    def hash_again(self, password: str) -> str:
        """The hash of a password that is in use already, at the present cost.

        Raises:
            Busy: others hash for longer than `WAIT_S`.
        """
        with self._turn():
            return self._hasher.hash(_bytes(_normal(password)))

    def verify(self, stored: str | None, password: str) -> bool:
        """Whether this is the password of the stored hash.

        Give None where there is no such person or no password: the answer is False, after the same work.

        Raises:
            Busy: others hash for longer than `WAIT_S`.
        """
        try:
            with self._turn():
                matches = self._hasher.verify(stored or self._nobody, _bytes(_normal(password)))
        except (VerificationError, InvalidHashError):
            return False
        return matches and stored is not None

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._turns.acquire(timeout=WAIT_S):
            raise Busy
        try:
            yield
        finally:
            self._turns.release()

    def needs_rehash(self, stored: str) -> bool:
        """Whether the stored hash was made at another cost, so that it should be made anew at the next sign-in."""
        try:
            return self._hasher.check_needs_rehash(stored)
        except InvalidHashError:
            return True


def _normal(password: str) -> str:
    """The same characters typed on different systems give the same text (NIST SP 800-63B, 5.1.1.2: NFKC)."""
    return unicodedata.normalize("NFKC", password)


def _bytes(password: str) -> bytes:
    # JSON may carry half a surrogate pair, which strict UTF-8 refuses with an error of its own.
    return password.encode("utf-8", errors="surrogatepass")
