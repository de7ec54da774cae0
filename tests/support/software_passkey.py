"""An authenticator in software: makes and uses one passkey as WebAuthn describes it, and errs where a test wants."""

import base64
import hashlib
import json
import struct
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

USER_PRESENT, USER_VERIFIED, HAS_CREDENTIAL = 1, 4, 64


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass
class SoftwarePasskey:
    """A P-256 passkey; `origin` and `host` are of the site that it is used on, `flags` what was asked of its user."""

    origin: str = "http://localhost"
    host: str = "localhost"
    flags: int = USER_PRESENT | USER_VERIFIED
    count: int = 0
    id: bytes = b"a passkey of the tests, 32 bytes"
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def make(self, options: dict[str, Any]) -> str:
        """The answer to `navigator.credentials.create`."""
        numbers = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        credential = bytes(16) + struct.pack(">H", len(self.id)) + self.id + cbor2.dumps(public)
        data = self._data(HAS_CREDENTIAL) + credential
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options["challenge"])
        return self._answer({"clientDataJSON": _text(client), "attestationObject": _text(attestation)})

    def sign(self, options: dict[str, Any]) -> str:
        """The answer to `navigator.credentials.get`."""
        self.count += 1
        data, client = self._data(0), self._client("webauthn.get", options["challenge"])
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        parts = {"clientDataJSON": client, "authenticatorData": data, "signature": signature}
        return self._answer({name: _text(part) for name, part in parts.items()})

    def _data(self, more_flags: int) -> bytes:
        return (
            hashlib.sha256(self.host.encode()).digest()
            + bytes([self.flags | more_flags])
            + struct.pack(">I", self.count)
        )

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _answer(self, response: dict[str, str]) -> str:
        about = {"id": _text(self.id), "rawId": _text(self.id), "type": "public-key"}
        return json.dumps({**about, "response": response, "clientExtensionResults": {}})
