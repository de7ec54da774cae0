"""Weights are read once, and their SHA-256 is checked before a byte of them is interpreted."""

import hmac

from app.detection.spec import WeightsFile
from app.errors import ModelError
from app.files import sha256_of


def read_weights(file: WeightsFile) -> bytes:
    """Read a weights file once and check it: the bytes that were checked are the bytes that are returned.

    Raises:
        ModelError: the file is missing, unreadable, truncated or altered.
    """
    try:
        raw = file.path.read_bytes()
    except OSError:
        raise ModelError(f"The weights file {file.path.name} is missing or cannot be read.") from None
    if not hmac.compare_digest(sha256_of(raw), file.sha256):
        raise ModelError(
            f"The weights file {file.path.name} is damaged or altered: its SHA-256 is not that of model.json."
        )
    return raw
