"""Random tokens for API, sessions and sign-in links. Only digests are stored: a stolen database opens nothing."""

import hashlib
import secrets

_TOKEN_BYTES = 32


def new_token() -> tuple[str, bytes]:
    """A fresh token of 256 random bits, 43 URL-safe characters, and its digest."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    return token, digest(token)


def digest(token: str) -> bytes:
    """SHA-256 of a token, 32 bytes; any text has one. A token is random, so it needs no salt and no slow hash."""
    return hashlib.sha256(token.encode("utf-8", errors="surrogatepass")).digest()
