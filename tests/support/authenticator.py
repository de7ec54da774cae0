"""An authenticator app for tests, after RFC 6238."""

import base64
import hmac
import struct
from datetime import datetime


def code_of(secret: str, now: datetime) -> str:
    """The six digits that an authenticator with this base32 secret shows."""
    digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", int(now.timestamp()) // 30), "sha1")
    at = digest[-1] & 15
    number = struct.unpack(">I", digest[at : at + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**6:06}"
