"""Second factor: time-based one-time codes (RFC 6238) and recovery codes, sealed at rest.

Codes have six digits of HMAC-SHA-1 and change every 30 seconds, as every authenticator app makes them. One step before
and one after the present one are accepted, for clocks that differ.
"""

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from app.errors import StoredDataDamaged
from app.security.framing import frame
from app.security.secret_keys import SecretKeys

ISSUER = "Fracture detection"
STEP_S = 30
DIGITS = 6
RECOVERY_CODES = 10
_SECRET_BYTES = 20
_NONCE_BYTES = 12
_GROUPS = 4


@dataclass(frozen=True)
class SecondFactor:
    """The secret of a person's authenticator and what was used of it.

    last_step: of the newest code that was used, which and older ones are refused. failures: wrong codes in a row.
    recovery: SHA-256 of each recovery code that is left; 80 random bits need no slow hash.
    """

    secret: bytes = field(repr=False)
    last_step: int = 0
    failures: int = 0
    recovery: tuple[str, ...] = field(default=(), repr=False)


class FactorSeal:
    """Seals second factors by keys of SECRET_KEY, bound to their person. Safe to share between threads."""

    def __init__(self, keys: SecretKeys) -> None:
        self._keys = keys.derive(b"second-factor/v1")

    def seal(self, kind: Literal["kept", "offered"], factor: SecondFactor, tenant: str, person: str) -> bytes:
        """Encrypt a factor that is kept, or one that is offered and not confirmed yet, by the newest secret."""
        plain = json.dumps({**vars(factor), "secret": factor.secret.hex()}).encode()
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + AESGCM(self._keys[0]).encrypt(nonce, plain, _bound_to(kind, tenant, person))

    def open(self, kind: Literal["kept", "offered"], sealed: bytes, tenant: str, person: str) -> SecondFactor:
        """Decrypt a factor.

        Raises:
            StoredDataDamaged: altered, another person's, or sealed by a secret that is not there any more.
        """
        for key in self._keys:
            try:
                plain = AESGCM(key).decrypt(
                    sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _bound_to(kind, tenant, person)
                )
            except (InvalidTag, ValueError):
                continue
            fields = json.loads(plain)
            return SecondFactor(
                bytes.fromhex(fields["secret"]), fields["last_step"], fields["failures"], tuple(fields["recovery"])
            )
        raise StoredDataDamaged


def new_factor() -> SecondFactor:
    """A factor with a fresh secret of 160 random bits."""
    return SecondFactor(secrets.token_bytes(_SECRET_BYTES))


def secret_text(factor: SecondFactor) -> str:
    """The secret in base32, to be typed into an authenticator."""
    return base64.b32encode(factor.secret).decode()


def provisioning_uri(factor: SecondFactor, account: str) -> str:
    """The otpauth: address that an authenticator takes from a QR code."""
    return _totp(factor).get_provisioning_uri(account, ISSUER)


def matching_step(factor: SecondFactor, code: str, now: datetime) -> int | None:
    """The step whose code this is, of the three around now and after `last_step`; None for a wrong or used code."""
    step = int(now.timestamp()) // STEP_S
    if not (code.isascii() and code.isdigit() and len(code) == DIGITS):
        return None
    matching = (
        one
        for one in (step - 1, step, step + 1)
        if one > factor.last_step and hmac.compare_digest(_totp(factor).generate(one * STEP_S), code.encode())
    )
    return next(matching, None)


def new_recovery_codes() -> tuple[str, ...]:
    """Ten codes of 80 random bits, in four groups of letters and digits."""
    texts = (base64.b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(RECOVERY_CODES))
    return tuple("-".join(text[at : at + _GROUPS] for at in range(0, len(text), _GROUPS)) for text in texts)


def recovery_digest(code: str) -> str:
    """SHA-256 of a recovery code, however its groups, spaces and capitals were typed."""
    return hashlib.sha256(code.replace("-", "").replace(" ", "").lower().encode()).hexdigest()


def _totp(factor: SecondFactor) -> TOTP:
    # RFC 6238 names SHA-1, which HMAC is not weakened by; authenticator apps know no other for certain.
    return TOTP(factor.secret, DIGITS, SHA1(), STEP_S)  # noqa: S303


def _bound_to(kind: str, tenant: str, person: str) -> bytes:
    return frame(b"fracture/second-factor/v1", kind.encode(), tenant.encode(), person.encode())
