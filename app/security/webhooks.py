"""Signatures of webhooks, in the form of the Standard Webhooks specification.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hmac
from datetime import datetime

from app.security.framing import frame
from app.security.keys import derive_key

_PREFIX = "whsec_"


class WebhookKeys:
    """Derives the key of each subscription from SECRET_KEY, so that none is stored. Safe to share between threads."""

    def __init__(self, secret: str) -> None:
        self._key = derive_key(secret.encode(), b"webhooks/v1")

    def secret(self, tenant: str, subscription_id: str) -> str:
        """The secret that the receiver checks signatures with, as the specification writes it."""
        return _PREFIX + base64.b64encode(self._derived(tenant, subscription_id)).decode()

    def headers(self, tenant: str, subscription_id: str, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
        """The three headers that identify, date and sign a message."""
        timestamp = str(int(at.timestamp()))
        signed = f"{message_id}.{timestamp}.".encode() + body
        mac = hmac.digest(self._derived(tenant, subscription_id), signed, "sha256")
        return {
            "webhook-id": message_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": "v1," + base64.b64encode(mac).decode(),
        }

    def _derived(self, tenant: str, subscription_id: str) -> bytes:
        return hmac.digest(self._key, frame(tenant.encode(), subscription_id.encode()), "sha256")
