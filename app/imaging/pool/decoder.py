"""The protocol of what decodes files, and a decoder that trusts them."""

from dataclasses import dataclass
from typing import Protocol

from app.config import Limits
from app.imaging.decode import decode
from app.records import Radiograph


class Decoder(Protocol):
    """Bytes of a file to a `Radiograph`."""

    def decode(self, raw: bytes) -> Radiograph:
        """Decode one X-ray image; raises as `app.imaging.decode` says, and `Busy` and `Unavailable`."""

    def close(self) -> None:
        """End what was started for it."""


@dataclass(frozen=True)
class InProcessDecoder:
    """Decodes in the calling process: for files of one's own, in training, evaluation and tests."""

    limits: Limits

    def decode(self, raw: bytes) -> Radiograph:
        """Decode one X-ray image; raises as `app.imaging.decode` says."""
        return decode(raw, self.limits)

    def close(self) -> None:
        """Do nothing: no process was started."""
