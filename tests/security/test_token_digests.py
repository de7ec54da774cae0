"""Tokens are long, random and stored as digests only."""

import hashlib
import re

from app.security import digest, new_token


def test_a_token_has_256_bits_and_can_stand_in_a_url() -> None:
    token, stored = new_token()
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", token)
    assert stored == digest(token) == hashlib.sha256(token.encode()).digest()


def test_no_two_tokens_are_alike() -> None:
    assert len({new_token()[0] for _ in range(1000)}) == 1000


def test_any_text_has_a_digest() -> None:
    assert all(len(digest(text)) == 32 for text in ("", "\x00", "ü" * 9999, "\ud800"))
