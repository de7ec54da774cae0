"""File names as senders give them, made harmless to show."""

import unicodedata

_LONGEST = 255
_NOT_SHOWN = {"Cc", "Cs", "Zl", "Zp"}
# Marks, embeddings, overrides and isolates that reorder the text around them. Source: Unicode UAX #9, 2.
_BIDIRECTIONAL = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def shown_name(name: str) -> str:
    """The name, cut to 255 characters, with control and bidirectional characters replaced by U+FFFD."""
    return "".join("\ufffd" if _is_harmful(character) else character for character in name[:_LONGEST])


def _is_harmful(character: str) -> bool:
    return character in _BIDIRECTIONAL or unicodedata.category(character) in _NOT_SHOWN
