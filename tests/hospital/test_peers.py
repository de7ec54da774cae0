"""Peers as the settings name them."""

import pytest

from app.errors import ConfigError
from app.hospital.peers import (
    Destination,
    Sender,
    parse_destination,
    parse_destinations,
    parse_senders,
    sender_of,
)


def test_senders_and_destinations_are_read_from_their_settings() -> None:
    assert parse_senders("CR1@10.0.0.5=north, CR 2=south,") == (
        Sender("CR1", "10.0.0.5", "north"),
        Sender("CR 2", None, "south"),
    )
    assert parse_destinations("PACS@pacs.example:4242,P6@[::1]:104") == (
        Destination("PACS", "pacs.example", 4242),
        Destination("P6", "::1", 104),
    )
    assert parse_senders("") == parse_destinations(" ") == ()


@pytest.mark.parametrize("text", ["CR1", "CR1@10.0.0.5", "=north", "SEVENTEEN-LETTERS=north", "A\\B=north", "Ä=north"])
def test_a_sender_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_senders(text)


@pytest.mark.parametrize("text", ["PACS", "PACS@host", "PACS@host:0", "PACS@host:70000", "@host:104", "PACS@host:x"])
def test_a_destination_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_destination(text)


def test_a_sender_is_known_by_title_and_address() -> None:
    senders = parse_senders("CR1@10.0.0.5=north,CR2=south")
    assert sender_of(senders, "CR1", "10.0.0.5") == senders[0]
    assert sender_of(senders, "CR1", "10.0.0.6") is None
    assert sender_of(senders, "CR2", "10.0.0.6") == senders[1]
    assert sender_of(senders, "CR3", "10.0.0.5") is None
