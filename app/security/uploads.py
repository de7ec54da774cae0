"""HPKE (RFC 9180) for what a browser or program sends: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, base mode.

A sealed body is enc (65 bytes, uncompressed point) ‖ ciphertext. The receiving key changes every UTC day. It is
derived from a master key when it is needed, so nothing is stored and every process has the same one.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256, Hash
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.errors import SealBroken, UnknownKey
from app.security.framing import frame
from app.security.key_file import KeyRing
from app.security.keys import MasterKey

INFO_PREFIX = b"fracture-upload/v2/"
NAME_SUFFIX = b"/name"
_SUITE = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
# The order of the P-256 group: NIST SP 800-186, 3.2.1.3.
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_DAYS_THAT_OPEN = 2


@dataclass(frozen=True)
class PublicUploadKey:
    """The key that one person seals uploads for.

    public_key: a 65-byte uncompressed point (0x04 ‖ x ‖ y). info: the HPKE `info`, which binds an upload to the key,
    the tenant and the person; a captured body does not open for anybody else.
    """

    kid: str
    public_key: bytes
    info: bytes


class UploadKeys:
    """The HPKE keys of today and yesterday. Safe to share between threads."""

    def __init__(self, master_keys: KeyRing, clock: Callable[[], datetime]) -> None:
        """Take the master keys and a clock that gives the time with its time zone."""
        self._master_keys = master_keys
        self._clock = clock

    def current(self, tenant: str, person: str) -> PublicUploadKey:
        """Today's key (UTC) for a person, from the newest master key."""
        today = self._clock().astimezone(UTC).date()
        private = _private_key(self._master_keys.newest, today)
        kid = _kid(private, today)
        return PublicUploadKey(kid, _point(private), _info(kid, tenant, person))

    def open(self, kid: str, body: bytes, tenant: str, person: str) -> bytes:
        """Open one file that a person sealed.

        Raises:
            UnknownKey: `kid` is neither today's nor yesterday's key of any master key.
            SealBroken: altered, cut, or sealed by somebody else; which, is not said.
        """
        return self._open(kid, body, _info(kid, tenant, person))

    def open_name(self, kid: str, body: bytes, tenant: str, person: str) -> str:
        """Open one sealed file name: UTF-8, sealed by itself, its `info` being that of the file followed by b"/name".

        Raises:
            UnknownKey, SealBroken: as `open`.
        """
        try:
            return self._open(kid, body, _info(kid, tenant, person) + NAME_SUFFIX).decode("utf-8")
        except UnicodeDecodeError:
            raise SealBroken from None

    def _open(self, kid: str, body: bytes, info: bytes) -> bytes:
        private = self._find(kid)
        try:
            return _SUITE.decrypt(body, private, info)
        except InvalidTag:
            raise SealBroken from None

    def _find(self, kid: str) -> ec.EllipticCurvePrivateKey:
        """The private key of this name; older master keys count, as a rotation may fall into an upload."""
        today = self._clock().astimezone(UTC).date()
        for day in (today - timedelta(days=back) for back in range(_DAYS_THAT_OPEN)):
            if not kid.startswith(f"{day:%Y%m%d}-"):
                continue
            for master in self._master_keys:
                private = _private_key(master, day)
                if _kid(private, day) == kid:
                    return private
        raise UnknownKey


def seal_upload(key: PublicUploadKey, plain: bytes) -> bytes:
    """Seal one file as a sender does; for programs that send, and to measure the cost of opening."""
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key.public_key)
    return _SUITE.encrypt(plain, public, key.info)


def derive_private_key(key_material: bytes) -> ec.EllipticCurvePrivateKey:
    """A P-256 private key from at least 32 bytes of uniformly random key material, always the same for the same.

    Source: DeriveKeyPair of RFC 9180, section 7.1.3, for DHKEM(P-256, HKDF-SHA256).
    """
    # suite_id of section 4.1: "KEM" ‖ kem_id 0x0010.
    suite = b"KEM\x00\x10"
    prk = hmac.digest(b"", b"HPKE-v1" + suite + b"dkp_prk" + key_material, "sha256")
    for counter in range(256):
        labelled = (32).to_bytes(2, "big") + b"HPKE-v1" + suite + b"candidate" + bytes([counter])
        candidate = int.from_bytes(hmac.digest(prk, labelled + b"\x01", "sha256"), "big")
        if 0 < candidate < _P256_ORDER:
            return ec.derive_private_key(candidate, ec.SECP256R1())
    raise ValueError("no private key from this material")


def _info(kid: str, tenant: str, person: str) -> bytes:
    return INFO_PREFIX + frame(*(text.encode(errors="surrogatepass") for text in (kid, tenant, person)))


def _private_key(master: MasterKey, day: date) -> ec.EllipticCurvePrivateKey:
    return derive_private_key(master.derive(b"upload/v1/" + day.isoformat().encode()))


def _point(private: ec.EllipticCurvePrivateKey) -> bytes:
    return private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _kid(private: ec.EllipticCurvePrivateKey, day: date) -> str:
    """The day, and the first 8 hex digits of SHA-256 of the public point."""
    digest = Hash(SHA256())
    digest.update(_point(private))
    return f"{day:%Y%m%d}-{digest.finalize()[:4].hex()}"
