"""Envelope encryption at rest: a data key per study, itself wrapped by a master key.

A wrapped key is  0x01 ‖ length of kid ‖ kid ‖ nonce (12) ‖ AES-256-GCM(data key).
A sealed blob is  0x01 ‖ nonce (12) ‖ AES-256-GCM(plain).
Both are bound to their place by associated data: moved to another tenant, study or item, they do not open.
"""

import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.errors import StoredDataDamaged
from app.security.framing import frame
from app.security.key_file import KeyRing
from app.security.keys import KEY_BYTES, MasterKey

_VERSION = b"\x01"
# Random 96-bit nonces are safe for 2^32 messages under one key (NIST SP 800-38D, 8.3); a study holds a few hundred,
# and a master key wraps one key per study.
_NONCE_BYTES = 12


@dataclass(frozen=True)
class AssociatedData:
    """Where a sealed blob belongs: `kind` says what it is ("original", "reading"), `item` of which row."""

    tenant: str
    study: str
    kind: str
    item: str


class Vault:
    """Seals and opens what is stored. Safe to share between threads; holds no state but the master keys."""

    def __init__(self, master_keys: KeyRing) -> None:
        self._master_keys = master_keys

    def new_study_key(self, tenant: str, study: str) -> bytes:
        """A fresh random data key for one study, wrapped by the newest master key and bound to that study."""
        return _wrap(self._master_keys.newest, secrets.token_bytes(KEY_BYTES), tenant, study)

    def seal(self, plain: bytes, wrapped_key: bytes, place: AssociatedData) -> bytes:
        """Encrypt one blob, at most 2^31 - 1 bytes, with its study's key.

        Raises:
            StoredDataDamaged: the wrapped key is not this study's, or no master key opens it.
        """
        return _VERSION + _encrypt(self._unwrap(wrapped_key, place.tenant, place.study), plain, _blob_data(place))

    def open(self, sealed: bytes, wrapped_key: bytes, place: AssociatedData) -> bytes:
        """Decrypt one blob.

        Raises:
            StoredDataDamaged: altered, cut, of another place, or no master key opens its study; which, is not said.
        """
        key = self._unwrap(wrapped_key, place.tenant, place.study)
        if sealed[:1] != _VERSION:
            raise StoredDataDamaged
        return _decrypt(key, sealed[1:], _blob_data(place))

    def rewrap(self, wrapped_key: bytes, tenant: str, study: str) -> bytes | None:
        """The same data key wrapped by the newest master key, or None when it is already; blobs stay as they are.

        Raises:
            StoredDataDamaged: no master key opens it, or it is another study's.
        """
        data_key = self._unwrap(wrapped_key, tenant, study)
        newest = self._master_keys.newest
        return None if _split(wrapped_key)[0] == newest.kid else _wrap(newest, data_key, tenant, study)

    def _unwrap(self, wrapped: bytes, tenant: str, study: str) -> bytes:
        kid, box = _split(wrapped)
        master = self._master_keys.get(kid)
        if master is None:
            raise StoredDataDamaged
        data_key = _decrypt(master.derive(b"wrap/v1"), box, _wrap_data(kid, tenant, study))
        if len(data_key) != KEY_BYTES:
            raise StoredDataDamaged
        return data_key


def _wrap(master: MasterKey, data_key: bytes, tenant: str, study: str) -> bytes:
    box = _encrypt(master.derive(b"wrap/v1"), data_key, _wrap_data(master.kid, tenant, study))
    return _VERSION + bytes([len(master.kid)]) + master.kid.encode() + box


def _split(wrapped: bytes) -> tuple[str, bytes]:
    """The kid and the encrypted data key of a wrapped key."""
    if wrapped[:1] != _VERSION or len(wrapped) < 2:
        raise StoredDataDamaged
    end = 2 + wrapped[1]
    return wrapped[2:end].decode("ascii", errors="replace"), wrapped[end:]


def _wrap_data(kid: str, tenant: str, study: str) -> bytes:
    return frame(b"fracture/wrap/v1", kid.encode(), tenant.encode(), study.encode())


def _blob_data(place: AssociatedData) -> bytes:
    fields = (place.tenant, place.study, place.kind, place.item)
    return frame(b"fracture/seal/v1", *(text.encode() for text in fields))


def _encrypt(key: bytes, plain: bytes, associated: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, associated)


def _decrypt(key: bytes, box: bytes, associated: bytes) -> bytes:
    if len(box) < _NONCE_BYTES:
        raise StoredDataDamaged
    try:
        return AESGCM(key).decrypt(box[:_NONCE_BYTES], box[_NONCE_BYTES:], associated)
    except InvalidTag:
        raise StoredDataDamaged from None
