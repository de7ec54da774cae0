"""The opaque `after` of a list: where the page before ended."""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.errors import BadRequest
from app.storage.rows import is_storable

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CHECK_BYTES = 8


@dataclass(frozen=True)
class Position:
    """Where a study stands in a list; `bucket` is empty in a list that has none."""

    created_at: datetime
    study: str
    bucket: bytes = b""


def to_token(scope: str, position: Position) -> str:
    """The token of a position in one list; it may stand in a URL. `scope` names the list, with its tenant."""
    fields = [str((position.created_at - _EPOCH) // timedelta(microseconds=1)), position.study]
    raw = ".".join([*fields, position.bucket.hex()] if position.bucket else fields).encode()
    return base64.urlsafe_b64encode(_check(scope, raw) + raw).rstrip(b"=").decode()


def from_token(scope: str, token: str) -> Position:
    """The position of a token of `to_token`.

    Raises:
        BadRequest: not such a token, altered, or of another list or tenant. (The check has no key: a position is no
            secret and opens nothing, as every query names its tenant.)
    """
    try:
        raw = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
        check, fields = raw[:_CHECK_BYTES], raw[_CHECK_BYTES:]
        microseconds, study, *rest = fields.decode("ascii").split(".")
        moment = _EPOCH + timedelta(microseconds=int(microseconds))
        position = Position(moment, study, bytes.fromhex("".join(rest)))
    except (ValueError, OverflowError, binascii.Error):
        raise refused() from None
    is_whole = hmac.compare_digest(check, _check(scope, fields)) and to_token(scope, position) == token
    if not is_whole or not is_storable(study):
        raise refused()
    return position


def _check(scope: str, fields: bytes) -> bytes:
    return hashlib.sha256(scope.encode() + b"\x00" + fields).digest()[:_CHECK_BYTES]


def refused() -> BadRequest:
    """Failure for a token that leads nowhere."""
    return BadRequest("This page of the list does not exist. Begin at the first one.")
