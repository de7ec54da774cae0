"""Weights are read once, and their SHA-256 is checked before a byte of them is interpreted."""

import hashlib
import hmac

from app.detection.spec import WeightsFile
from app.errors import ModelError


def read_weights(file: WeightsFile) -> bytes:
    """The content of a weights file; what was checked is what is returned, not what a second look would find.

    Raises:
        ModelError: the file is missing, unreadable, truncated or altered.
    """
    try:
        raw = file.path.read_bytes()
    except OSError:
        raise ModelError(f"The weights file {file.path.name} is missing or cannot be read.") from None
    if not hmac.compare_digest(hashlib.sha256(raw).hexdigest(), file.sha256):
        raise ModelError(
            f"The weights file {file.path.name} is damaged or altered: its SHA-256 is not that of model.json."
        )
    return raw
