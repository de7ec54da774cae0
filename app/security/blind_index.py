"""Blind index: labels by which a database that cannot read can still find and sort.

Equal terms of one tenant have equal labels, so a copy of the database shows how often a label occurs and which rows
share it, and nothing else without the key. Source: the "blind index" of CipherSweet.
"""

import hmac

from app.security.framing import frame
from app.security.keys import derive_key

LABEL_BYTES = 16
_FINGERPRINT_BYTES = 8


class BlindIndex:
    """Makes the labels of every tenant. Safe to share between threads."""

    def __init__(self, secret: str, scheme: str) -> None:
        """Take SECRET_KEY; the key is derived from it, so that rotating master keys does not touch the index.

        scheme: names what the terms mean; another scheme gives unrelated labels and another fingerprint.
        """
        self._key = derive_key(secret.encode(), b"blind-index/v1/" + scheme.encode())

    @property
    def fingerprint(self) -> bytes:
        """Which key and scheme the labels are made with: 8 bytes, to notice labels of another."""
        return hmac.digest(self._key, b"fingerprint", "sha256")[:_FINGERPRINT_BYTES]

    def label(self, tenant: str, *terms: str) -> bytes:
        """The label of some terms in one tenant: HMAC-SHA256 over both, each with its length, cut to 16 bytes."""
        framed = frame(tenant.encode(), *(term.encode(errors="surrogatepass") for term in terms))
        return hmac.digest(self._key, framed, "sha256")[:LABEL_BYTES]
