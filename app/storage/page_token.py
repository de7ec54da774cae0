"""The opaque `after` of a list: where the page before ended."""

import base64
import binascii
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

from app.errors import BadRequest

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CHECK_BYTES = 8


def to_token(tenant: str, created_at: datetime, study_id: str) -> str:
    """The token of a position in one tenant's list; it may stand in a URL."""
    position = f"{(created_at - _EPOCH) // timedelta(microseconds=1)}.{study_id}".encode()
    return base64.urlsafe_b64encode(_check(tenant, position) + position).rstrip(b"=").decode()


def from_token(tenant: str, token: str) -> tuple[datetime, str]:
    """The time and study id of a token of `to_token`.

    Raises:
        BadRequest: not such a token, altered, or of another tenant. (The check has no key: a position is no secret
            and opens nothing, as every query names its tenant.)
    """
    try:
        raw = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
        check, position = raw[:_CHECK_BYTES], raw[_CHECK_BYTES:]
        microseconds, _, study_id = position.decode("ascii").partition(".")
        created_at = _EPOCH + timedelta(microseconds=int(microseconds))
    except (ValueError, OverflowError, binascii.Error):
        raise _refused() from None
    if not hmac.compare_digest(check, _check(tenant, position)) or to_token(tenant, created_at, study_id) != token:
        raise _refused()
    return created_at, study_id


def _check(tenant: str, position: bytes) -> bytes:
    return hashlib.sha256(tenant.encode() + b"\x00" + position).digest()[:_CHECK_BYTES]


def _refused() -> BadRequest:
    return BadRequest("This page of the list does not exist. Begin at the first one.")
