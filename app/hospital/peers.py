"""Application entities that may send to this node, and those that results go to, as the settings list them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.errors import ConfigError

# PS3.5 6.2: AE is at most 16 characters, without backslash and control characters; spaces at the ends do not count.
_AE_TITLE = re.compile(r"[!-\[\]-~](?:[ -\[\]-~]{0,14}[!-\[\]-~])?")
_SENDER = re.compile(r"(?P<ae>[^@=]+)(?:@(?P<host>[^@=]+))?=(?P<tenant>[^@=]+)")
_DESTINATION = re.compile(r"(?P<ae>[^@:]+)@(?P<host>\[[0-9a-fA-F:]+\]|[^@:\[\]]+):(?P<port>\d{1,5})")


@dataclass(frozen=True)
class Sender:
    """A peer that may send: its AE title, its address (None: any), and the tenant that its objects belong to."""

    ae_title: str
    host: str | None
    tenant: str


@dataclass(frozen=True)
class Destination:
    """A peer that takes results by C-STORE."""

    ae_title: str
    host: str
    port: int


def parse_senders(text: str) -> tuple[Sender, ...]:
    """Senders from `AE[@ADDRESS]=TENANT`, separated by commas; "" is none.

    Raises:
        ConfigError: an entry is not of this form, or an AE title is not one.
    """
    return tuple(_sender(entry) for entry in _entries(text))


def parse_destinations(text: str) -> tuple[Destination, ...]:
    """Destinations from `AE@HOST:PORT`, separated by commas; "" is none.

    Raises:
        ConfigError: as `parse_senders`.
    """
    return tuple(parse_destination(entry) for entry in _entries(text))


def parse_destination(text: str) -> Destination:
    """One destination from `AE@HOST:PORT`.

    Raises:
        ConfigError: as `parse_senders`.
    """
    match = _DESTINATION.fullmatch(text)
    if match is None or not 0 < int(match["port"]) < 65536:
        raise ConfigError(f"A DICOM destination is written AE@HOST:PORT: {text}")
    return Destination(_checked_title(match["ae"]), match["host"].strip("[]"), int(match["port"]))


def sender_of(senders: Sequence[Sender], ae_title: str, address: str) -> Sender | None:
    """The sender with this AE title from this address, or None when it may not send."""
    return next((one for one in senders if one.ae_title == ae_title and one.host in (None, address)), None)


def _sender(text: str) -> Sender:
    match = _SENDER.fullmatch(text)
    if match is None:
        raise ConfigError(f"A DICOM sender is written AE@ADDRESS=TENANT or AE=TENANT: {text}")
    return Sender(_checked_title(match["ae"]), match["host"], match["tenant"])


def _checked_title(title: str) -> str:
    if not _AE_TITLE.fullmatch(title):
        raise ConfigError(f"An AE title has 1 to 16 printable ASCII characters without a backslash: {title}")
    return title


def _entries(text: str) -> list[str]:
    return [entry.strip() for entry in text.split(",") if entry.strip()]
